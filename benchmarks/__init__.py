"""Benchmarks: each prints ratios measured in one run, beside the target they are held to."""
