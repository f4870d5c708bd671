"""The Python code of one tree: facts of each file, read when asked and kept by blob id."""

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property

from guardrails.analysis.code.facts import (
    SCHEMA,
    Facts,
    Mark,
    decode,
    decode_marks,
    encode_marks,
    encode_rows,
)
from guardrails.analysis.code.hooks import NO_HOOKS, Hooks
from guardrails.analysis.code.imports import Modules
from guardrails.analysis.code.selection import is_python
from guardrails.analysis.code.shelf import Drawers, Keeper, Shelf
from guardrails.model.change import Entry, Mode
from guardrails.model.ports import Cache, Tree

PARSER = f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"
_AT_ONCE = 1_000
_FILES = frozenset({Mode.FILE, Mode.EXECUTABLE})
_GONE = Facts(unparsable="it is not a file of the tree")


class Code:
    """The modules of `tree`, their facts, and what local rules mark in them.

    `parser` names the interpreter that reads them, `hooks` are the local rules; `hooks_at`, given the
    modules and a path, tells which of them judge that file (else all). `place` names a tree
    all of whose files are to be read, such as by its folder, so that few cache entries hold them.
    `modules` are those of the tree, where they are known already.
    """

    def __init__(
        self,
        tree: Tree,
        cache: Cache,
        roots: tuple[str, ...] = (".",),
        parser: str = PARSER,
        hooks: Hooks = NO_HOOKS,
        hooks_at: Callable[[Modules, str], Hooks] | None = None,
        place: str = "",
        modules: Modules | None = None,
    ) -> None:
        self.tree = tree
        self._roots = roots
        self._hooks = hooks
        self._hooks_at = hooks_at
        self._prefix = f"{SCHEMA}/{parser}/"
        self._cache = cache
        self._place = place
        self._keepers: dict[str, Keeper] = {}
        self._stored: dict[str, bytes] = {}
        self._facts: dict[str, Facts] = {}
        self._marks: dict[str, tuple[Mark, ...]] = {}
        if modules is not None:
            self.modules = modules

    def _kept(self, what: str) -> Keeper:
        known = self._keepers.get(what)
        if known is None:
            prefix = f"{what}/{self._prefix}"
            known = Shelf(self._cache, prefix, self._place) if self._place else Drawers(self._cache, prefix)
            self._keepers[what] = known
        return known

    def _hooks_of(self, path: str) -> Hooks:
        return self._hooks if self._hooks_at is None else self._hooks_at(self.modules, path)

    @cached_property
    def _entries(self) -> Mapping[str, Entry]:
        return self.tree.entries()

    @cached_property
    def _blobs(self) -> Mapping[str, str]:
        return {path: one.blob for path, one in self._entries.items()}

    @cached_property
    def modules(self) -> Modules:
        """Every Python file of the tree by module name."""
        return Modules(
            frozenset(
                path for path, entry in self._entries.items() if is_python(path) and entry.mode in _FILES
            ),
            self._roots,
            frozenset(self._entries),
        )

    @property
    def cache(self) -> Cache:
        """Where what is made of the tree's files is kept."""
        return self._cache

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the blob ids of those files that the tree has, by path."""
        return self._blobs_of(paths)

    def facts(self, path: str) -> Facts:
        """Return the facts of the file at `path`."""
        known = self._facts.get(path)
        if known is None:
            if path not in self._stored:
                self.load([path])
            known = self._decoded(path) if path in self._stored else self._facts[path]
        return known

    def _decoded(self, path: str) -> Facts:
        try:
            known = decode(self._stored.pop(path))
        except (ValueError, EOFError, TypeError):
            self._read([path])
            known = decode(self._stored.pop(path)) if path in self._stored else _GONE
        self._facts[path] = known
        return known

    def known_facts(self, blobs: Mapping[str, str]) -> Mapping[str, Facts]:
        """Return the facts that are still kept of other contents, by path; to be asked before any file is read."""
        found = {}
        for path, data in self._kept("facts").taken(blobs).items():
            with suppress(ValueError, EOFError, TypeError):
                found[path] = decode(data)
        return found

    def facts_by_path(self, paths: Iterable[str]) -> Mapping[str, Facts]:
        """Return the facts of many files, what the cache lacks read in one exchange with git."""
        wanted = list(paths)
        self.load(wanted)
        return {path: self.facts(path) for path in wanted}

    def marks(self, path: str) -> tuple[Mark, ...]:
        """Return what the local rules mark in the file at `path`; nothing without hooks."""
        if path not in self._marks:
            self.load_marks([path])
        return self._marks[path]

    def load(self, paths: Iterable[str]) -> None:
        """Make the facts of `paths` ready."""
        wanted = [
            path for path in dict.fromkeys(paths) if path not in self._facts and path not in self._stored
        ]
        self._stored.update(self._kept("facts").taken(self._blobs_of(wanted)))
        self._read([path for path in wanted if path not in self._stored])

    def load_marks(self, paths: Iterable[str]) -> None:
        """Make the marks of `paths` ready."""
        wanted = [path for path in dict.fromkeys(paths) if path not in self._marks]
        for digest, some in _grouped(wanted, lambda path: self._hooks_of(path).digest).items():
            if not digest:
                self._marks.update(dict.fromkeys(some, ()))
                continue
            for path, data in self._kept(f"marks/{digest}").taken(self._blobs_of(some)).items():
                with suppress(ValueError, EOFError, TypeError):
                    self._marks[path] = decode_marks(data)
        self._read([path for path in wanted if path not in self._marks])

    def _blobs_of(self, paths: Iterable[str]) -> dict[str, str]:
        return {path: self._blobs[path] for path in paths if path in self._blobs}

    def _read(self, missing: Sequence[str]) -> None:
        """Read files anew, so many at once that their contents fit into little memory."""
        facts: dict[str, bytes] = {}
        marks: dict[str, dict[str, bytes]] = {}
        for start in range(0, len(missing), _AT_ONCE):
            some = missing[start : start + _AT_ONCE]
            sources = self.tree.read_many(some)
            with _without_collector():
                self._read_sources(some, sources, facts, marks)
        # Kept once for all: what shares an entry is written anew with each that comes to it.
        if missing:
            self._kept("facts").put(facts, self._blobs)
        for digest, held in marks.items():
            if digest:
                self._kept(f"marks/{digest}").put(held, self._blobs)

    def _read_sources(
        self,
        paths: Iterable[str],
        sources: Mapping[str, bytes],
        facts: dict[str, bytes],
        marks: dict[str, dict[str, bytes]],
    ) -> None:
        # Most files are known by their blobs, and then nothing needs a parser.
        from guardrails.analysis.code.build import read_rows  # noqa: PLC0415

        for path in paths:
            if path in sources:
                hooks = self._hooks_of(path)
                made, self._marks[path] = read_rows(sources[path], hooks)
                # Read back they take a quarter of the memory, for then they share their texts.
                facts[path] = self._stored[path] = encode_rows(made)
                marks.setdefault(hooks.digest, {})[path] = encode_marks(self._marks[path])
            else:
                self._facts[path], self._marks[path] = _GONE, ()


def _grouped(paths: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(key(path), []).append(path)
    return found


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
