"""What benchmarks of the service under load share: a generator and the requests that it sends."""
