"""Configuration, policy, goldens and requirements as values that can be compared by meaning."""
