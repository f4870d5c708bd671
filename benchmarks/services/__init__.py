"""Services whose faults and changes are known, for benchmarks that look for them."""
