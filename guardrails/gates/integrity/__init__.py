"""Whether a change tampers with what judges it: tests, goldens, policy, pipelines, dependencies."""
