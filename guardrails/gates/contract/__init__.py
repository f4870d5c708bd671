"""The contract gate: what clients can rely on."""
