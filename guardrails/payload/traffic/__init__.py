"""Recording of traffic for replay, for services to carry: it imports nothing of the harness."""
