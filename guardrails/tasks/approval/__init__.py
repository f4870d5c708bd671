"""What an approver does: read a finding, consent to exactly that, and sign it."""
