"""Recognises candidates by how encoders write them, hundreds at once.

A dictionary takes a hash, a probe and a comparison for each, in memory that a ranking has just pushed out of the
processor's cache; here they are a dozen array operations on one compact table. What is not exactly one of the
texts of the table is not recognised, and left to a parser.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from reference_service.ranking.nouns import IntArray

Words = NDArray[np.uint64]

WORD_BYTES = 8
WORD = 2**64 - 1
STEP = 6_364_136_223_846_793_005
"""From one odd factor to the next that is tried."""
CLOSING = ord("}")
SPARE = 2
"""Binary orders of magnitude by which there are more slots than texts."""
TEXTS_A_BUCKET = 4


class Spelling:
    """The texts of objects, each of which ends with the one closing brace that it holds, and a number for each.

    Words of a text are added up, each times a random factor, to one number; its first bits name a bucket, and
    the factor of the bucket spreads what is in it over slots of which no two texts share one (the perfect
    hashing by displacement of Fox, Heath, Chen and Daoud, "Practical minimal perfect hash functions for large
    databases", 1992). What stands in a slot is then compared in full.
    """

    def __init__(self, codes: Mapping[bytes, int]) -> None:
        """Take texts that hold no byte 0, the separator that follows them in a list included."""
        self._width = width = -(-max(map(len, codes)) // WORD_BYTES) * WORD_BYTES
        self._padding = bytes(width)
        self._masks = _masks(width)
        padded = b"".join([text.ljust(width, b"\0") for text in codes])
        self._texts = np.frombuffer(padded, np.dtype((np.void, width)))
        self._codes = np.array([*codes.values()], dtype=np.min_scalar_type(max(codes.values())))
        words = np.frombuffer(padded, np.uint64).reshape(len(codes), -1)
        self._factors: Words = np.random.default_rng(0).integers(0, 2**64, words.shape[1], dtype=np.uint64)
        self._spread(words @ self._factors)

    def codes(self, body: bytes, start: int, end: int, separator: bytes, most: int) -> IntArray | None:
        """Return the number of each text that stands there, separated so, or None where there are more or others."""
        written = b"".join((body[start:end], separator, self._padding))
        count = end - start + len(separator)
        (closing,) = (np.frombuffer(written, np.uint8, end - start) == CLOSING).nonzero()
        if not 0 < len(closing) <= most:
            return None
        bounds: IntArray = np.zeros(len(closing) + 1, dtype=np.int64)
        np.add(closing, 1 + len(separator), out=bounds[1:])
        lengths = bounds[1:] - bounds[:-1]
        if bounds[-1] != count or lengths.max() > self._width:
            return None
        # At every place of the list the bytes that begin there, and of these those where a text does.
        windows: NDArray[np.void] = np.ndarray((count,), self._texts.dtype, written, strides=(1,))
        words = windows[bounds[:-1]].view(np.uint64).reshape(len(closing), -1)
        words &= self._masks.take(lengths, axis=0)
        found = self._slots.take(self._slot(words @ self._factors))
        if self._texts.take(found).tobytes() != words.tobytes():
            return None
        return self._codes.take(found).astype(np.int64)

    def _slot(self, sums: Words) -> Words:
        sums = sums * self._displaced.take((sums >> self._to_bucket).view(np.int64))
        slots: Words = sums >> self._to_slot
        return slots

    def _spread(self, sums: Words) -> None:
        """Choose the factor of each bucket, the fullest first, so that no two texts share a slot."""
        bits = max(len(sums).bit_length() + SPARE, 1)
        bucket_bits = max((len(sums) // TEXTS_A_BUCKET).bit_length(), 1)
        self._to_slot, self._to_bucket = np.uint64(64 - bits), np.uint64(64 - bucket_bits)
        displaced, slots, taken = [1] * 2**bucket_bits, [0] * 2**bits, bytearray(2**bits)
        buckets: dict[int, list[tuple[int, int]]] = {}
        for text, (bucket, total) in enumerate(
            zip((sums >> self._to_bucket).tolist(), sums.tolist(), strict=True)
        ):
            buckets.setdefault(bucket, []).append((text, total))
        for bucket, texts in sorted(buckets.items(), key=lambda one: (-len(one[1]), one[0])):
            while True:
                found = {(total * displaced[bucket] & WORD) >> 64 - bits: text for text, total in texts}
                if len(found) == len(texts) and not any(map(taken.__getitem__, found)):
                    break
                displaced[bucket] = displaced[bucket] * STEP & WORD
            for slot, text in found.items():
                slots[slot], taken[slot] = text, True
        self._displaced: Words = np.array(displaced, dtype=np.uint64)
        # As narrow as it can be, like the codes: less of it must be in the processor's cache.
        self._slots = np.array(slots, dtype=np.min_scalar_type(max(slots)))


def _masks(width: int) -> Words:
    """Return by length of a text what keeps its own bytes of a window, of shape (width + 1, words)."""
    kept = np.arange(width) < np.arange(width + 1)[:, np.newaxis]
    masks: Words = (kept * np.uint8(255)).astype(np.uint8).view(np.uint64)
    return masks
