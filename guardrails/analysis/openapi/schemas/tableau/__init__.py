"""A second prover of containment, which refutes case by case that any value tells two schemas apart."""
