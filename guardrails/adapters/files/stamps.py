"""The content digest of every file, read again only where the file may have changed since.

This is git's index in small. A file whose size, times, inode and device are those that were written
down has the digest that was written down, unless it was changed so shortly before that a later
change could have left the same times; such a file is read again. The change time cannot be set by
a program, so a content that was exchanged with its old modification time put back is noticed.
"""

import hashlib
import marshal
import os
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from guardrails.model.ports import Cache

_FORMAT = 1
# Coarser than the clock of any file system that we know: FAT's modification times have 2 s.
_RACY_NS = 2_000_000_000
_LARGEST = 64 << 20

UNREADABLE = "0" * 40

# (modification, change) in ns, size, inode, device.
Stamp = tuple[int, int, int, int, int]


class Stamps:
    """Digests of the files below `top`, kept in `cache` under the folder's name."""

    def __init__(self, top: Path, cache: Cache) -> None:
        self._top = str(top)
        self._cache = cache
        self._key = f"stamps/{_FORMAT}/{self._top}"

    def digests(self, paths: Iterable[str]) -> dict[str, str]:
        """Return git's blob id (SHA-1) of each regular file; what is gone or no regular file is left out."""
        known = self._known()
        begun = time.time_ns()
        kept: dict[str, tuple[Stamp, str]] = {}
        prefix = self._top + "/"
        is_new = False
        for path in paths:
            try:
                held = os.lstat(prefix + path)
            except (OSError, ValueError):
                continue
            stamp = (held.st_mtime_ns, held.st_ctime_ns, held.st_size, held.st_ino, held.st_dev)
            old = known.get(path)
            if old is not None and old[0] == stamp:
                kept[path] = old
            elif stat.S_ISREG(held.st_mode):
                kept[path] = (stamp, blob_id(prefix + path))
                is_new = True
        if is_new or len(kept) != len(known):
            self._keep({path: one for path, one in kept.items() if max(one[0][:2]) < begun - _RACY_NS})
        return {path: digest for path, (_, digest) in kept.items()}

    def _known(self) -> dict[str, tuple[Stamp, str]]:
        stored = self._cache.get(self._key)
        if stored is None:
            return {}
        try:
            known = marshal.loads(stored)  # noqa: S302 - our own cache, checked by its digest
        except (ValueError, EOFError, TypeError):
            return {}
        return known if isinstance(known, dict) else {}

    def _keep(self, entries: dict[str, tuple[Stamp, str]]) -> None:
        self._cache.put(self._key, marshal.dumps(entries))


def digests_of(top: Path, paths: Iterable[str]) -> dict[str, str]:
    """Return the blob id of each regular file, all of them read; for a few files that need no stamps."""
    return {
        path: blob_id(f"{top}/{path}")
        for path in paths
        if (top / path).is_file() and not (top / path).is_symlink()
    }


def blob_id(path: str) -> str:
    """Return git's id of the file's content; `UNREADABLE`, which no content has, where it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            if os.fstat(descriptor).st_size <= _LARGEST:
                return id_of(stream.read())
    except OSError:
        pass
    return UNREADABLE


def id_of(content: bytes) -> str:
    """Return git's blob id of a content, hex."""
    total = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    total.update(content)
    return total.hexdigest()
