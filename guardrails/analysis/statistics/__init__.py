"""Intervals for what was measured: small, exact enough, and without a numeric library."""
