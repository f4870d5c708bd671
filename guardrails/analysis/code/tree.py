"""The Python code of one tree: facts of each file, read when asked and kept by blob id."""

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TypeVar

from guardrails.analysis.code.facts import SCHEMA, Facts, Mark, decode, decode_marks, encode, encode_marks
from guardrails.analysis.code.hooks import NO_HOOKS, Hooks
from guardrails.analysis.code.imports import Modules
from guardrails.analysis.code.selection import is_python
from guardrails.model.change import Entry, Mode
from guardrails.model.ports import Cache, Tree

KeptT = TypeVar("KeptT")
PARSER = f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"
_FILES = frozenset({Mode.FILE, Mode.EXECUTABLE})
_GONE = Facts(unparsable="it is not a file of the tree")


class Code:
    """The modules of `tree`, their facts, and what local rules mark in them.

    `parser` names the interpreter that reads them, `hooks` are the local rules.
    """

    def __init__(
        self,
        tree: Tree,
        cache: Cache,
        roots: tuple[str, ...] = (".",),
        parser: str = PARSER,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        self.tree = tree
        self._cache = cache
        self._roots = roots
        self._prefix = f"facts/{SCHEMA}/{parser}/"
        self._facts: dict[str, Facts] = {}
        self._hooks = hooks
        self._marks_prefix = f"marks/{SCHEMA}/{parser}/{hooks.digest}/"
        self._marks: dict[str, tuple[Mark, ...]] = {}

    @cached_property
    def _entries(self) -> Mapping[str, Entry]:
        return self.tree.entries()

    @cached_property
    def modules(self) -> Modules:
        """Every Python file of the tree by module name."""
        return Modules(
            frozenset(
                path for path, entry in self._entries.items() if is_python(path) and entry.mode in _FILES
            ),
            self._roots,
        )

    def facts(self, path: str) -> Facts:
        """Return the facts of the file at `path`."""
        if path not in self._facts:
            self.load([path])
        return self._facts[path]

    def facts_by_path(self, paths: Iterable[str]) -> Mapping[str, Facts]:
        """Return the facts of many files, what the cache lacks read in one exchange with git."""
        wanted = list(paths)
        self.load(wanted)
        return {path: self._facts[path] for path in wanted}

    def marks(self, path: str) -> tuple[Mark, ...]:
        """Return what the local rules mark in the file at `path`; nothing without hooks."""
        if path not in self._marks:
            self.load_marks([path])
        return self._marks[path]

    def load(self, paths: Iterable[str]) -> None:
        """Make the facts of `paths` ready."""
        self._read(self._lacking(paths, self._facts, self._prefix, decode))

    def load_marks(self, paths: Iterable[str]) -> None:
        """Make the marks of `paths` ready."""
        wanted = [path for path in dict.fromkeys(paths) if path not in self._marks]
        if not self._hooks.digest:
            self._marks.update(dict.fromkeys(wanted, ()))
            return
        self._read(self._lacking(wanted, self._marks, self._marks_prefix, decode_marks))

    def _lacking(
        self,
        paths: Iterable[str],
        known: dict[str, KeptT],
        prefix: str,
        decoded: Callable[[bytes], KeptT],
    ) -> list[str]:
        """Fill `known` from the cache and return the paths that it does not hold."""
        entries = self._entries
        missing = []
        for path in dict.fromkeys(paths):
            if path in known:
                continue
            stored = self._cache.get(prefix + entries[path].blob) if path in entries else None
            try:
                if stored is None:
                    raise ValueError(path)
                known[path] = decoded(stored)
            except (ValueError, EOFError, TypeError):
                missing.append(path)
        return missing

    def _read(self, missing: Sequence[str]) -> None:
        if not missing:
            return
        sources = self.tree.read_many(missing)
        with _without_collector():
            for path in missing:
                if path in sources:
                    self._keep(path, self._entries[path].blob, sources[path])
                else:
                    self._facts[path], self._marks[path] = _GONE, ()

    def _keep(self, path: str, blob: str, source: bytes) -> None:
        # Most files are known by their blobs, and then nothing needs a parser.
        from guardrails.analysis.code.build import read_source  # noqa: PLC0415

        facts, marks = read_source(source, self._hooks)
        self._facts[path], self._marks[path] = facts, marks
        self._cache.put(self._prefix + blob, encode(facts))
        if self._hooks.digest:
            self._cache.put(self._marks_prefix + blob, encode_marks(marks))


@contextmanager
def _without_collector() -> Iterator[None]:
    # Syntax trees hold no cycles, and collecting while they grow costs a third of the pass.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
