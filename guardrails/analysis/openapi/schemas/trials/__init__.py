"""Values worth trying, to tell two schemas apart."""
