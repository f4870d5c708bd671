"""SHA-256 and SHA-1 without OpenSSL, whose loading costs every start 3 ms.

The interpreter has code of its own for both. OpenSSL's is some times faster, which tells from a few
megabytes on; from then on it is used. The digests are the same.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from hashlib import _Hash

_MUCH = 2 << 20  # bytes
_OWN = {"sha256": ("_sha256", "_sha2"), "sha1": ("_sha1",)}  # named otherwise since Python 3.12
_hashed = [0]


def sha256(data: bytes = b"") -> "_Hash":
    """Return the running SHA-256 of `data`."""
    return hash_of("sha256", data)


def hash_of(algorithm: str, data: bytes, size: int = 0) -> "_Hash":
    """Return the running digest of `data` by `sha1` or `sha256`, the two that git knows; for names, not for secrets.

    `size` is how many bytes there will be in all, where more follow.
    """
    _hashed[0] += max(len(data), size)
    own = _own(algorithm) if _hashed[0] < _MUCH and "hashlib" not in sys.modules else None
    if own is not None:
        return own(data)
    import hashlib  # noqa: PLC0415 - what this module exists to put off

    return hashlib.new(algorithm, data, usedforsecurity=False)


def _own(algorithm: str) -> "Callable[[bytes], _Hash] | None":
    for name in _OWN[algorithm]:
        try:
            found: Callable[[bytes], _Hash] = getattr(__import__(name), algorithm)
        except (ImportError, AttributeError):
            continue
        return found
    return None
