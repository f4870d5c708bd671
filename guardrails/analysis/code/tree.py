"""The Python code of one tree: facts of each file, read when asked and kept by blob id."""

import gc
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

from guardrails.analysis.code.facts import SCHEMA, Facts, decode, encode
from guardrails.analysis.code.imports import Modules
from guardrails.analysis.code.selection import is_python
from guardrails.model.change import Entry, Mode
from guardrails.model.ports import Cache, Tree

PARSER = f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"
_FILES = frozenset({Mode.FILE, Mode.EXECUTABLE})
_GONE = Facts(unparsable="it is not a file of the tree")


class Code:
    """The modules of `tree` and their facts. `parser` names the interpreter that reads them."""

    def __init__(
        self, tree: Tree, cache: Cache, roots: tuple[str, ...] = (".",), parser: str = PARSER
    ) -> None:
        self.tree = tree
        self._cache = cache
        self._roots = roots
        self._prefix = f"facts/{SCHEMA}/{parser}/"
        self._facts: dict[str, Facts] = {}

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

    def load(self, paths: Iterable[str]) -> None:
        """Make the facts of `paths` ready."""
        entries = self._entries
        missing = []
        for path in dict.fromkeys(paths):
            if path in self._facts:
                continue
            stored = self._cache.get(self._prefix + entries[path].blob) if path in entries else None
            known = _decoded(stored) if stored is not None else None
            if known is None:
                missing.append(path)
            else:
                self._facts[path] = known
        if not missing:
            return
        sources = self.tree.read_many(missing)
        with _without_collector():
            for path in missing:
                self._facts[path] = (
                    self._fresh(entries[path].blob, sources[path]) if path in sources else _GONE
                )

    def _fresh(self, blob: str, source: bytes) -> Facts:
        # Most files are known by their blobs, and then nothing needs a parser.
        from guardrails.analysis.code.build import facts_of  # noqa: PLC0415

        facts = facts_of(source)
        self._cache.put(self._prefix + blob, encode(facts))
        return facts


def _decoded(stored: bytes) -> Facts | None:
    try:
        return decode(stored)
    except (ValueError, EOFError, TypeError):
        return None


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
