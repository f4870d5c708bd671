"""Trees and changes in memory, for tests of a gate that need no git repository."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from guardrails.model.change import Change, Entry, FileChange, Mode, Revision, Stage
from guardrails.model.errors import CannotJudge
from guardrails.model.gate import Context
from guardrails.model.policy import Policy, Service, StagePlan
from guardrails.model.ports import (
    Box,
    Cache,
    Completed,
    Interpreter,
    Laboratory,
    Player,
    Server,
    Tool,
    Tree,
)

TODAY = date(2026, 11, 23)


@dataclass(frozen=True)
class MemoryTree:
    """A tree of regular files given as text or bytes by path."""

    files: Mapping[str, str | bytes] = field(default_factory=dict)

    def _content(self, path: str) -> bytes:
        content = self.files[path]
        return content.encode() if isinstance(content, str) else content

    @property
    def id(self) -> str:
        """SHA-1 of the sorted contents."""
        text = "\n".join(f"{path} {entry.blob}" for path, entry in sorted(self.entries().items()))
        return hashlib.sha1(text.encode()).hexdigest()

    def entries(self) -> Mapping[str, Entry]:
        """Return every file, its blob id made as git makes it."""
        return {path: Entry(Mode.FILE, _blob_id(self._content(path))) for path in self.files}

    def read(self, path: str) -> bytes | None:
        """Return the content at `path`."""
        return self._content(path) if path in self.files else None

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of those paths that exist."""
        return {path: self._content(path) for path in paths if path in self.files}


def _blob_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass(frozen=True)
class FixedClock:
    """A clock that stands still."""

    day: date = TODAY

    def today(self) -> date:
        """Return the fixed day."""
        return self.day

    def monotonic(self) -> float:
        """Return zero."""
        return 0.0


@dataclass
class MemoryCache:
    """A cache in a dictionary."""

    stored: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> bytes | None:
        """Return what was stored."""
        return self.stored.get(key)

    def put(self, key: str, value: bytes) -> None:
        """Store."""
        self.stored[key] = value


@dataclass
class NoLaboratory:
    """A laboratory without a box: every dynamic port refuses."""

    cache: Cache = field(default_factory=MemoryCache)
    seed: int = 7

    @property
    def box(self) -> Box:
        """Refuse."""
        raise CannotJudge("this test has no box")

    @property
    def payload(self) -> Path:
        """Return the payload folder."""
        return Path("guardrails/payload")

    def checkout(self, tree: Tree) -> Path:
        """Refuse."""
        raise CannotJudge("this test has no checkout")

    def scratch(self, name: str) -> Path:
        """Refuse."""
        raise CannotJudge("this test has no scratch folder")

    def interpreter(self, service: Service, tree: Tree) -> Interpreter:
        """Refuse."""
        raise CannotJudge("this test has no interpreter")

    def serve(
        self, service: Service, tree: Tree, variables: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Server]:
        """Refuse."""
        raise CannotJudge("this test has no service")

    def player(self, service: Service, tree: Tree, hash_seed: int = 0) -> AbstractContextManager[Player]:
        """Refuse."""
        raise CannotJudge("this test has no service")

    def document(self, service: Service, tree: Tree) -> bytes:
        """Refuse."""
        raise CannotJudge("this test has no service")

    def tool(self, name: str) -> Tool:
        """Refuse."""
        raise CannotJudge("this test has no tools")

    def run_tool(
        self, tool: Tool, arguments: Sequence[str], directory: Path, stdin: bytes = b""
    ) -> Completed:
        """Refuse."""
        raise CannotJudge("this test has no tools")


def change_between(base: Tree, head: Tree, task: str | None = None) -> Change:
    """Return the change from one tree to another."""
    old, new = base.entries(), head.entries()
    files = tuple(
        FileChange(path, old.get(path), new.get(path))
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    )
    revision = Revision("base", base.id)
    return Change(revision, Revision("head", head.id), revision, files, "the test", task)


def context_for(
    base: Mapping[str, str | bytes],
    head: Mapping[str, str | bytes],
    *,
    stage: Stage = Stage.MERGE,
    settings: Mapping[str, object] | None = None,
    services: tuple[Service, ...] = (),
    laboratory: Laboratory | None = None,
    task: str | None = None,
) -> Context:
    """Return what a gate sees of the change from `base` to `head` under an otherwise empty policy."""
    base_tree, head_tree = MemoryTree(base), MemoryTree(head)
    policy = Policy(stages={stage: StagePlan(())}, services=services, settings=settings or {})
    return Context(
        change=change_between(base_tree, head_tree, task),
        base=base_tree,
        head=head_tree,
        stage=stage,
        policy=policy,
        services=services,
        laboratory=laboratory or NoLaboratory(),
        clock=FixedClock(),
    )
