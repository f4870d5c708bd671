"""What every format says alike: order, ids, counts, safe text, JSON values and the shape of proofs."""
