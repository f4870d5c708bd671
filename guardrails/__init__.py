"""Guardrails: the harness that a coding agent's backend change must pass before it merges."""

__version__ = "0.1.0"
