"""The architecture gate: layers, async code, timeouts, clocks and randomness, test detection."""
