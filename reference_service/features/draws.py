"""Seeded draws that never change: the same seed and name give the same bytes on every platform.

The generators of the standard library and of numpy may change their streams between versions; a digest
cannot, and goldens rest on these values.
"""

import hashlib

DIMENSIONS = 8
"""How many tastes a listener's or an item's vector has."""


def draw(seed: int, *names: str) -> bytes:
    """Return 32 even bytes that depend on the seed and the names alone."""
    return hashlib.sha256("\x1f".join((str(seed), *names)).encode()).digest()


def vector(drawn: bytes) -> list[float]:
    """Return DIMENSIONS whole numbers from -8 to 7, from the last bytes of a draw.

    Whole numbers, so that a dot product is exact in whatever order a processor adds it up.
    """
    return [float(byte % 16 - 8) for byte in drawn[-DIMENSIONS:]]
