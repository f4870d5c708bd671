"""Approvals and disputes as they reach us: read with suspicion, verified, and written for an approver."""
