"""Guardrails: the harness that a coding agent's backend change must pass before it merges."""
