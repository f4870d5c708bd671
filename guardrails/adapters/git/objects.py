"""Objects by id, through one long-lived `git cat-file`, each checked against its id.

Git does not compare what it reads with the id it was asked for, so a forged object file could
stand in for base's policy. We do, at the cost of one hash a read.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TypeVar

from guardrails.adapters.git.process import Git, said
from guardrails.adapters.scratch import room_in
from guardrails.model.digest import hash_of
from guardrails.model.errors import CannotJudge
from guardrails.model.frozen import frozen

MAXIMUM_BYTES = 20 << 20
# The smallest pipe a system gives us: with no more than this under way neither side can block the other.
_WINDOW_BYTES = 4096
_USAGE_EXIT_CODE = 129

AnswerT = TypeVar("AnswerT")


@frozen
class ObjectInfo:
    """What git says an object is: `kind` is blob, tree, commit or tag; `size` is in bytes."""

    id: str
    kind: str
    size: int


class ObjectReader:
    """Reads objects for one thread at a time; after a fork the child talks to a process of its own.

    Only a process that was lent goes to the first child that asks for it, which saves it a start.
    """

    def __init__(self, git: Git, algorithm: str, errors: Path) -> None:
        self.algorithm = algorithm
        self.unstored: dict[str, int] = {}
        self._git = git
        self._errors = errors
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._started_by = 0
        self._token: tuple[int, int] | None = None

    @property
    def empty_tree(self) -> str:
        """The id of the tree without entries."""
        return self._hash("tree", b"")

    def resolve(self, names: Sequence[str]) -> list[ObjectInfo | None]:
        """Return what each revision expression or id names, None where it names nothing."""
        return self._exchange("info", names, _info_alone)

    def sizes(self, ids: Sequence[str]) -> list[ObjectInfo | None]:
        """Return what the ids name, large files that were hashed but not stored included."""
        return [
            ObjectInfo(name, "blob", self.unstored[name]) if name in self.unstored else info
            for name, info in zip(ids, self.resolve(ids), strict=True)
        ]

    def read(self, ids: Sequence[str], kind: str) -> list[bytes]:
        """Return the contents of the objects; raises CannotJudge for one that is missing or not itself."""

        def content_of(stdout: IO[bytes], asked: str, info: ObjectInfo | None) -> bytes:
            if info is None:
                raise missing_object(asked)
            if info.size > MAXIMUM_BYTES:
                raise too_large(asked, info.size)
            content = stdout.read(info.size)
            if len(content) != info.size or stdout.read(1) != b"\n":
                raise self._died(asked)
            if info.kind != kind or self._hash(kind, content) != asked:
                raise forged_object(asked, kind)
            return content

        return self._exchange("contents", ids, content_of)

    def lend(self) -> None:
        """Give the running process to one of the children to come; nothing may be read here until they ended."""
        if self._process is None or self._token is not None or self._pid != os.getpid():
            return
        self._token = os.pipe()
        os.set_blocking(self._token[0], False)
        os.write(self._token[1], b"1")

    def _claimed(self) -> bool:
        """Whether this process, a child of the lender, is the one that gets what was lent."""
        if self._token is None:
            return False
        try:
            claimed = bool(os.read(self._token[0], 1))
        except BlockingIOError:
            claimed = False
        self._drop_token()
        return claimed

    def _drop_token(self) -> None:
        for end in self._token or ():
            os.close(end)
        self._token = None

    def close(self) -> None:
        """End the process, if one runs; a later read starts another."""
        self._drop_token()
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        if self._started_by == os.getpid():
            process.kill()
            process.wait()
        else:
            # A child of our parent: it is not ours to wait for, and Popen would warn that we did not.
            process.returncode = 0

    def _exchange(
        self,
        verb: str,
        names: Sequence[str],
        take: Callable[[IO[bytes], str, ObjectInfo | None], AnswerT],
    ) -> list[AnswerT]:
        """Ask git about all names, window by window; `take` reads what follows each answer's first line."""
        taken: list[AnswerT] = []
        try:
            for window in _windows(verb, names):
                stdin, stdout = self._pipes()
                self._ask(stdin, b"".join(window.values()))
                taken += [take(stdout, name, self._answer(stdout, name)) for name in window]
        except BaseException:
            # Answers that nobody read would be taken for those of the next question.
            self.close()
            raise
        return taken

    def _ask(self, stdin: IO[bytes], question: bytes) -> None:
        try:
            os.write(stdin.fileno(), question + b"flush\0")
        except BrokenPipeError:
            raise self._died("what was asked") from None

    def _answer(self, stdout: IO[bytes], asked: str) -> ObjectInfo | None:
        line = stdout.readline()
        if not line.endswith(b"\n"):
            raise self._died(asked)
        parts = line.split()
        if len(parts) != len(("id", "kind", "size")) or not parts[2].isdigit():
            return None
        return ObjectInfo(parts[0].decode(), parts[1].decode(), int(parts[2]))

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        is_ours = self._pid == os.getpid()
        if self._process is not None and (self._token is not None if is_ours else not self._claimed()):
            self.close()
        self._pid = os.getpid()
        if self._process is None:
            self._started_by = self._pid
            with room_in(self._complaints.parent):
                place = os.open(self._complaints, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                self._process = self._git.start("cat-file", "--batch-command", "-z", "--buffer", errors=place)
            finally:
                os.close(place)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        return process.stdin, process.stdout

    @property
    def _complaints(self) -> Path:
        return self._errors.with_name(f"{self._errors.name}-{self._started_by}")

    def _died(self, asked: str) -> CannotJudge:
        """Return the error for a git that ended in the middle of an answer."""
        is_ours = self._started_by == os.getpid()
        if self._process is not None and is_ours and self._process.wait() == _USAGE_EXIT_CODE:
            self._git.require_version()
        words = said(self._complaints.read_bytes())
        return CannotJudge(f"git could not read {asked}: {words}; run `git fsck`, or clone afresh")

    def _hash(self, kind: str, content: bytes) -> str:
        prefix = f"{kind} {len(content)}\0".encode()
        total = hash_of(self.algorithm, prefix, len(content))
        total.update(content)
        return total.hexdigest()


def _info_alone(stdout: IO[bytes], asked: str, info: ObjectInfo | None) -> ObjectInfo | None:
    del stdout, asked
    return info


def missing_object(name: str) -> CannotJudge:
    """Return the error for an object that the repository does not hold."""
    return CannotJudge(
        f"object {name} is missing or damaged; fetch it (`git fetch --refetch`, for a partial clone"
        " `git fetch --refetch --no-filter`), or clone afresh"
    )


def too_large(name: str, size: int) -> CannotJudge:
    """Return the error for an object that is not read because of its size in bytes."""
    return CannotJudge(
        f"object {name} holds {size} bytes and at most {MAXIMUM_BYTES} are read; keep large data outside git"
    )


def forged_object(name: str, kind: str) -> CannotJudge:
    """Return the error for an object whose content is not what its id says."""
    return CannotJudge(
        f"object {name} is not the {kind} that its id promises: the object store is damaged or"
        " was tampered with; clone afresh"
    )


def _windows(verb: str, names: Sequence[str]) -> Iterator[dict[str, bytes]]:
    """Yield questions by name, as many at once as fit into the smallest pipe."""
    window: dict[str, bytes] = {}
    size = len(b"flush\0")
    for name in names:
        question = f"{verb} {name}\0".encode("utf-8", "surrogateescape")
        if window and (name in window or size + len(question) > _WINDOW_BYTES):
            yield window
            window, size = {}, len(b"flush\0")
        window[name] = question
        size += len(question)
    if window:
        yield window
