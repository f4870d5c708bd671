"""How rankings differ, without knowing where they came from."""
