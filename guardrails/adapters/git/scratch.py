"""A private folder with a repository of our own in it, gone when we are done.

Trees that do not exist yet (an index, a merge, a patched base) are written here and read
together with the user's objects. The user's repository is never written to, and its
configuration and attributes are not even seen by commands that run here.
"""

import atexit
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from guardrails.adapters.git.process import Git, clean_environment
from guardrails.adapters.scratch import RunFolder, room_in
from guardrails.model.digest import hash_of


class Scratch:
    """A scratch repository over the objects of another; `close` removes it, in the process that made it."""

    def __init__(self, caller: Mapping[str, str], objects: Path, algorithm: str) -> None:
        self.algorithm = algorithm
        self._room = RunFolder(Path(caller["TMPDIR"]) if caller.get("TMPDIR") else None)
        # For an interrupt that arrives where no `finally` stands yet, or no longer.
        atexit.register(self.close)
        with uninterrupted():
            self.path = self._room.path
        try:
            with room_in(self.path):
                self._lay(caller, objects)
        except BaseException:
            self.close()
            raise

    def _lay(self, caller: Mapping[str, str], objects: Path) -> None:
        self.git_dir = self.path / "git"
        self.objects = self.git_dir / "objects"
        self.index = self.path / "index"
        for folder in (self.git_dir, self.objects, self.git_dir / "refs", self.git_dir / "info"):
            folder.mkdir()
        (self.git_dir / "HEAD").write_text("ref: refs/heads/main\n")
        version = 0 if self.algorithm == "sha1" else 1
        format_line = "" if version == 0 else f"[extensions]\n\tobjectFormat = {self.algorithm}\n"
        (self.git_dir / "config").write_text(
            f"[core]\n\trepositoryformatversion = {version}\n\tbare = true\n{format_line}"
        )
        self.object_variables = {
            "GIT_OBJECT_DIRECTORY": str(self.objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(str(objects)),
        }
        variables = {"GIT_DIR": str(self.git_dir), "GIT_INDEX_FILE": str(self.index), **self.object_variables}
        self.git = Git(str(self.path), {**clean_environment(caller), **variables})

    def store(self, content: bytes) -> str:
        """Write a blob as a loose object and return its id."""
        import zlib  # noqa: PLC0415 - a staged change stores nothing

        raw = b"blob %d\0" % len(content) + content
        name = hash_of(self.algorithm, raw).hexdigest()
        place = self.objects / name[:2] / name[2:]
        if not place.exists():
            with room_in(self.path):
                place.parent.mkdir(exist_ok=True)
                place.write_bytes(zlib.compress(raw, 1))
        return name

    def close(self) -> None:
        """Remove the folder; in a forked child this does nothing. Safe to call twice."""
        with uninterrupted():
            self._room.close()
            atexit.unregister(self.close)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back an interrupt until the end of a step that must not be cut short.

    A handler is put in its place and not a signal mask, which another thread would get round.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}
    for kind in before:
        signal.signal(kind, lambda number, frame: held.append(number))  # noqa: ARG005 - what a handler is given
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler if handler is not None else signal.SIG_DFL)
        for number in held[:1]:
            signal.raise_signal(number)


def _quoted(path: str) -> str:
    """Return `path` as git reads it from a colon-separated list."""
    if not any(letter in path for letter in ':"\n'):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
