"""What one JSON schema lets through and another takes: proofs, witnesses, and neither."""
