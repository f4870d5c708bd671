"""Time and resources: base and head measured in pairs, in one run, on one core."""
