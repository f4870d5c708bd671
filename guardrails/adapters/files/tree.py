"""A folder on the disk as a tree: paths, and blob ids as git would give them, without any object."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path

from guardrails.adapters.files.stamps import id_of
from guardrails.model.change import Entry, Mode


class FolderTree:
    """The files at `paths` below `top`; implements the `Tree` port.

    A file that changes while it is judged is taken as it is when it is read, and what is known of it by
    its id is then not used.
    """

    def __init__(
        self, top: Path, paths: Iterable[str], digests: Callable[[Iterable[str]], Mapping[str, str]]
    ) -> None:
        """Take the files at `paths`, whose blob ids `digests` returns."""
        self.top = top
        self._paths = paths
        self._digests = digests

    @cached_property
    def blobs(self) -> Mapping[str, str]:
        """The blob id of every file, by path, sorted."""
        return dict(sorted(self._digests(self._paths).items()))

    @cached_property
    def id(self) -> str:
        """A digest of all paths and contents, hex."""
        lines = [f"{path}\0{blob}\n" for path, blob in self.blobs.items()]
        return id_of("".join(lines).encode("utf-8", "surrogateescape"))

    @cached_property
    def _entries(self) -> Mapping[str, Entry]:
        return {path: Entry(Mode.FILE, blob) for path, blob in self.blobs.items()}

    def entries(self) -> Mapping[str, Entry]:
        """Return every file by path."""
        return self._entries

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at `path`; None for one that is not in the tree or has gone."""
        return self.read_many([path]).get(path)

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of those of `paths` that are files of the tree and still what was listed."""
        found = {}
        for path in paths:
            blob = self.blobs.get(path)
            content = _content(self.top, path) if blob is not None else None
            if content is not None and id_of(content) == blob:
                found[path] = content
        return found


def _content(top: Path, path: str) -> bytes | None:
    try:
        descriptor = os.open(top / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()
