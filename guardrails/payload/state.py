"""The files that an application may write, put back before each script as they were when it was loaded."""

from __future__ import annotations

import os
import shutil
import tempfile

_MOST_BYTES = 64 << 20


class Files:
    """The content of one writable folder, remembered once."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._copy = ""
        self._known: dict[str, tuple[int, int]] = {}

    def remember(self) -> None:
        """Keep a copy of what is there now, unless it is too much to copy."""
        self._known = self._listed()
        if self._known and sum(size for size, _ in self._known.values()) <= _MOST_BYTES:
            self._copy = tempfile.mkdtemp(prefix=".kept-", dir=self._folder)
            for path in self._known:
                target = os.path.join(self._copy, path)  # noqa: PTH118
                os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
                shutil.copy2(os.path.join(self._folder, path), target)  # noqa: PTH118

    def restore(self) -> None:
        """Remove what is new, and bring back what changed or is gone."""
        found = self._listed()
        for path in found:
            if path not in self._known:
                os.unlink(os.path.join(self._folder, path))  # noqa: PTH108, PTH118
        for path, identity in self._known.items():
            if self._copy and found.get(path) != identity:
                target = os.path.join(self._folder, path)  # noqa: PTH118
                os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
                shutil.copy2(os.path.join(self._copy, path), target)  # noqa: PTH118

    def _listed(self) -> dict[str, tuple[int, int]]:
        """Return size and time of change of every plain file, our own copy left out."""
        found: dict[str, tuple[int, int]] = {}
        for place, folders, names in os.walk(self._folder):
            folders[:] = [name for name in folders if not name.startswith(".kept-")]
            for name in names:
                path = os.path.join(place, name)  # noqa: PTH118
                if os.path.isfile(path):  # noqa: PTH113
                    facts = os.lstat(path)
                    found[os.path.relpath(path, self._folder)] = (facts.st_size, facts.st_mtime_ns)
        return found
