"""Shows how the parts of a tree hang together: who imports whom, and who calls whom."""
