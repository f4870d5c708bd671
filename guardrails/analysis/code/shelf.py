"""Where facts and marks are kept: an entry of the cache a file, or, for whole trees, few entries for all.

An entry a file costs a tree of twenty thousand files 3 s to write. On a shelf the files of a folder
share one entry; it is found by the tree's place and the folder, and what is in it by blob id, so
an entry that is out of date, or was overwritten by another run, is never wrong: it only lacks something.
"""

import marshal
import zlib
from collections.abc import Mapping
from typing import Protocol

from guardrails.model.ports import Cache

_BUCKETS = 128


class Keeper(Protocol):
    """Keeps one kind of bytes for files; both methods are given the files' blob ids by path."""

    def taken(self, blobs: Mapping[str, str]) -> dict[str, bytes]:
        """Return what is kept of these files, by path; what is not kept is left out."""

    def put(self, made: Mapping[str, bytes], blobs: Mapping[str, str]) -> None:
        """Keep what was made of files; `blobs` holds every file of the tree."""


class Drawers:
    """Keeps each file's bytes under an entry of its own, whatever tree it stands in."""

    def __init__(self, cache: Cache, prefix: str) -> None:
        self._cache = cache
        self._prefix = prefix

    def taken(self, blobs: Mapping[str, str]) -> dict[str, bytes]:
        """Return what is kept of these files, by path."""
        found = ((path, self._cache.get(self._prefix + blob)) for path, blob in blobs.items())
        return {path: data for path, data in found if data is not None}

    def put(self, made: Mapping[str, bytes], blobs: Mapping[str, str]) -> None:
        """Keep what was made of files."""
        for path, data in made.items():
            self._cache.put(self._prefix + blobs[path], data)


class Shelf:
    """Keeps the bytes of all files of one tree; `place` names the tree, such as by its folder."""

    def __init__(self, cache: Cache, prefix: str, place: str) -> None:
        self._cache = cache
        self._prefix = f"{prefix}shelf/{place}/"
        self._held: dict[int, dict[str, bytes]] = {}

    def taken(self, blobs: Mapping[str, str]) -> dict[str, bytes]:
        """Return what is kept of these files, by path."""
        found = {}
        for path, blob in blobs.items():
            data = self._bucket(_bucket_of(path)).get(blob)
            if data is not None:
                found[path] = data
        return found

    def put(self, made: Mapping[str, bytes], blobs: Mapping[str, str]) -> None:
        """Keep what was made of files, and drop what no file of the tree has any more."""
        alive: dict[int, set[str]] = {_bucket_of(path): set() for path in made}
        for path, blob in blobs.items():
            number = _bucket_of(path)
            if number in alive:
                alive[number].add(blob)
        for path, data in made.items():
            self._bucket(_bucket_of(path))[blobs[path]] = data
        for number, wanted in alive.items():
            held = {blob: data for blob, data in self._held[number].items() if blob in wanted}
            self._held[number] = held
            self._cache.put(f"{self._prefix}{number}", marshal.dumps(held))

    def _bucket(self, number: int) -> dict[str, bytes]:
        held = self._held.get(number)
        if held is None:
            held = self._held[number] = held_in(self._cache.get(f"{self._prefix}{number}"))
        return held


def _bucket_of(path: str) -> int:
    return zlib.crc32(path.rpartition("/")[0].encode("utf-8", "surrogateescape")) % _BUCKETS


def held_in(stored: bytes | None) -> dict[str, bytes]:
    """Return what one entry of the cache holds by blob id; nothing where it is missing or damaged."""
    try:
        held = marshal.loads(stored or b"")  # noqa: S302 - our own cache, checked by its digest
    except (ValueError, EOFError, TypeError):
        return {}
    return held if isinstance(held, dict) else {}
