"""A model on a server of its own, asked by the Open Inference Protocol v2 over HTTP or gRPC."""
