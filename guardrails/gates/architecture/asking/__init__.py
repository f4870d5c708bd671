"""Which rules are asked of a module, how they look at it, and what is said of one that breaks."""
