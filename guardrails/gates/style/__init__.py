"""The style gate: ruff, mypy and new suppressions, by base's configuration."""
