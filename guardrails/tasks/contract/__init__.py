"""What `guardrails contract` does: finds documents, compares and lints them, and shows the result."""
