"""Keep the machine quiet for one who measures, across every run of this user.

Runs that only judge share the machine; one that measures time waits until it has it alone, and
the others wait for it. A lock that cannot be made keeps nobody waiting.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path


class Crowd:
    """A lock on a file of the user's cache folder, shared by those who judge, exclusive for one who measures."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "quiet.lock"

    def alone(self) -> AbstractContextManager[None]:
        """Hold the machine with nobody else; waits for as long as it takes."""
        return self._held(fcntl.LOCK_EX)

    def shared(self) -> AbstractContextManager[None]:
        """Hold the machine together with others who share it; waits for one who has it alone."""
        return self._held(fcntl.LOCK_SH)

    @contextmanager
    def _held(self, how: int) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield
            return
        try:
            fcntl.flock(lock, how)
            yield
        finally:
            # Forked children hold the same lock, so closing alone would not give it back.
            fcntl.flock(lock, fcntl.LOCK_UN)
            os.close(lock)
