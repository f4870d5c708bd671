"""The gates: one folder each, found by scanning; no gate imports another."""
