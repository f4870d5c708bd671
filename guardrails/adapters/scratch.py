"""The folder of one run, under TMPDIR, and its removal whatever happened to the run.

A run holds a lock on its folder for as long as one of its processes lives. A later run that can
take the lock knows that nobody is left, and removes what a killed run could not.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from guardrails.model.errors import CannotJudge

_ATTEMPTS = 100
_PAUSE_SECONDS = 0.01


@contextmanager
def room_in(folder: Path) -> Iterator[None]:
    """Turn an operating system error while writing under `folder` into a CannotJudge with a remedy."""
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        remedy = "free some space, or set TMPDIR to a folder on another disk"
        what = "the disk is full" if full else f"cannot write: {error.strerror or error}"
        raise CannotJudge(f"{folder}: {what}; {remedy}") from error


def remove(folder: Path) -> None:
    """Delete `folder` whatever its modes and depth; no link in it is followed.

    A box that ends together with us may still write for a moment, so what changes meanwhile is
    looked at again, a bounded number of times.
    """
    for attempt in range(_ATTEMPTS):
        try:
            if folder.is_dir() and not folder.is_symlink():
                _remove_once(folder)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.ENOENT} or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _remove_once(folder: Path) -> None:
    """Move every folder to the top before it is emptied, so that no depth is too deep."""
    left, count = [folder], 0
    while left:
        current = left.pop()
        current.chmod(stat.S_IRWXU)
        with os.scandir(current) as found:
            entries = list(found)
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                Path(entry.path).unlink()
                continue
            Path(entry.path).chmod(stat.S_IRWXU)
            count += 1
            left.append(Path(entry.path).rename(folder / f".removed-{count}-{os.urandom(4).hex()}"))
        if current != folder:
            current.rmdir()
    folder.rmdir()


class RunFolder:
    """A private folder that lives as long as the run; made when first asked for.

    Forked children share it: what a child made with `fresh` goes when the child closes, the
    folder itself when the process that made it closes.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent or Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108 - TMPDIR's default
        self._path: Path | None = None
        self._owner = 0
        self._lock = -1
        self._made: list[tuple[int, Path]] = []

    @property
    def path(self) -> Path:
        """The run's folder."""
        if self._path is None:
            with room_in(self._parent):
                self._create()
        assert self._path is not None
        return self._path

    def fresh(self, name: str) -> Path:
        """Return a new empty writable folder; `name` only helps a reader."""
        label = "".join(letter if letter.isalnum() else "-" for letter in name)[:24]
        folder = self.path / f"{label}-{os.urandom(5).hex()}"
        with room_in(self.path):
            folder.mkdir(mode=0o700)
        self._made.append((os.getpid(), folder))
        return folder

    def discard(self, folder: Path) -> None:
        """Remove a folder that `fresh` gave, before the end of the run."""
        with room_in(folder):
            remove(folder)
        self._made = [one for one in self._made if one[1] != folder]

    def close(self) -> None:
        """Remove what this process made; safe to call twice."""
        if self._path is not None and self._owner == os.getpid():
            path, self._path = self._path, None
            try:
                with room_in(path):
                    remove(path)
            finally:
                os.close(self._lock)
        mine = [folder for pid, folder in self._made if pid == os.getpid()]
        self._made = []
        for folder in mine:
            with room_in(folder):
                remove(folder)

    def _create(self) -> None:
        home = self._home()
        gate = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # Under this lock no folder is half made, so an unlocked one is surely abandoned.
            fcntl.flock(gate, fcntl.LOCK_EX)
            _reap(home)
            path = home / os.urandom(5).hex()
            path.mkdir(mode=0o700)
            self._lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            self._path, self._owner = path, os.getpid()
        finally:
            os.close(gate)

    def _home(self) -> Path:
        """Return our folder under TMPDIR, which must be ours alone, since its name can be guessed."""
        home = Path(os.path.realpath(self._parent)) / f"guardrails-{os.getuid()}"
        with suppress(FileExistsError):
            home.mkdir(mode=0o700)
        found = home.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
            raise CannotJudge(
                f"{home} is not a folder that only you can write to; remove it, or set TMPDIR elsewhere"
            )
        return home


def _reap(home: Path) -> None:
    """Remove the folders of runs that no process holds any more."""
    for folder in list(home.iterdir()):
        with suppress(OSError):
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(folder)
            finally:
                os.close(held)
