"""Finds functions of a tree that do the same: alike at a glance by their facts, then equal to the last name.

A glance (which calls stand in which kind of block) is kept for every file in one entry of the cache, so
that only files which look alike are ever parsed.
"""

import hashlib
import marshal
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence

from guardrails.analysis.code.facts import SCHEMA, Facts
from guardrails.analysis.code.graph import Graph, Symbol
from guardrails.analysis.code.same import normal_form
from guardrails.analysis.code.shelf import held_in

_FUNCTIONS = frozenset({"function", "async"})
_FEWEST_LINES = 3
_LAMBDA = re.compile(r"<lambda \d+>")


class Copies:
    """The functions of one tree by what they look like."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._forms: dict[Symbol, str | None] = {}
        self._by_glance: Mapping[str, Sequence[tuple[str, str]]] | None = None

    def copies_of(self, symbol: Symbol) -> Iterator[Symbol]:
        """Yield the functions and static methods elsewhere in the tree that do what this one does, in the
        order of their paths; nothing for one too small to be worth a name."""
        facts = self._graph.facts(symbol.module)
        own = dict(_glances_of(facts)).get(symbol.scope)
        alike = self._known().get(own, ()) if own is not None else ()
        for path, name in alike:
            for other in self._symbols(path, name):
                if other != symbol and self._form(symbol) in {self._form(other)} - {None}:
                    yield other

    def _form(self, symbol: Symbol) -> str | None:
        if symbol not in self._forms:
            self._forms[symbol] = normal_form(self._graph, symbol)
        return self._forms[symbol]

    def _symbols(self, path: str, name: str) -> Iterator[Symbol]:
        modules = self._graph.modules
        module = modules.name_of(path)
        if modules.by_name.get(module) == path:
            for index, scope in enumerate(self._graph.facts(module).scopes):
                if scope.name == name and scope.kind in _FUNCTIONS:
                    yield Symbol(module, name, index)

    def _known(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        if self._by_glance is None:
            found: dict[str, list[tuple[str, str]]] = {}
            for path, held in sorted(self._of_tree().items()):
                for name, glance in _glances_in(held):
                    found.setdefault(glance, []).append((path, name))
            self._by_glance = found
        return self._by_glance

    def _of_tree(self) -> Mapping[str, bytes]:
        """Return the glances of every file, those of files that are not known yet made and kept."""
        code = self._graph.code
        blobs = code.blobs(sorted(code.modules.paths))
        folders = sorted({path.partition("/")[0] for path in blobs})
        key = f"glances/{SCHEMA}/{hashlib.sha256(repr(folders).encode()).hexdigest()}"
        known = held_in(code.cache.get(key))
        missing = [path for path, blob in blobs.items() if blob not in known]
        if missing:
            for path, facts in code.facts_by_path(missing).items():
                known[blobs[path]] = _written(facts)
            alive = set(blobs.values())
            known = {blob: held for blob, held in known.items() if blob in alive}
            code.cache.put(key, marshal.dumps(known))
        return {path: known[blob] for path, blob in blobs.items()}


def _written(facts: Facts) -> bytes:
    named = (
        f"{glance} {facts.scopes[scope].name}"
        for scope, glance in _glances_of(facts)
        if is_named(facts, scope)
    )
    return "\n".join(named).encode("utf-8", "surrogateescape")


def _glances_in(held: bytes) -> Iterator[tuple[str, str]]:
    for line in held.decode("utf-8", "surrogateescape").splitlines():
        glance, _, name = line.partition(" ")
        yield name, glance


def is_named(facts: Facts, scope: int) -> bool:
    """Whether others can name the function: it stands in the module or, as a static method, in a class."""
    one = facts.scopes[scope]
    parent = facts.scopes[one.parent]
    return parent.kind == "module" or (parent.kind == "class" and "." not in parent.name)


def _glances_of(facts: Facts) -> Iterator[tuple[int, str]]:
    """Yield the functions that are no methods, each with a text that is equal for copies."""
    calls: dict[int, list[str]] = {}
    for call in facts.calls:
        if call.name == "builtins.getattr":
            continue  # another way to write what is called next
        scope = facts.function_of(call.scope)
        said = _last_name(call.name, facts.scopes[scope].name)
        calls.setdefault(scope, []).append(f"{said} {facts.blocks[call.block].kind}")
    for index, one in enumerate(facts.scopes):
        if one.kind not in _FUNCTIONS or one.end - one.line < _FEWEST_LINES:
            continue
        is_static = any(each.name == "builtins.staticmethod" for each in one.decorators)
        if facts.scopes[one.parent].kind != "class" or is_static:
            text = f"{one.kind} {len(one.parameters)} {calls.get(index, [])}"
            yield index, f"{zlib.crc32(text.encode('utf-8', 'surrogateescape')):08x}"


def _last_name(name: str, function: str) -> str:
    if name.startswith("?") and "." not in name:
        return "?"
    if name.startswith(f":{function}."):
        return "own"
    return _LAMBDA.sub("lambda", name.rpartition(".")[2].lstrip(":?"))
