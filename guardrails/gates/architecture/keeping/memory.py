"""What every file's judgement was and what it was read from, in one entry for a whole tree.

Names and functions are numbered, so that eight thousand files load in a tenth of a second. A function stands
for all that it reaches: when one changes, all that lead to it are forgotten, and with them the files that begin
there. Only what still holds is left; what is missing is judged anew, so nothing here can change an answer.
"""

import hashlib
import marshal
from collections.abc import Iterable, Mapping
from typing import Any

from guardrails.analysis.code.graph import Graph, Key, Symbol, Trace
from guardrails.analysis.code.linking.meanings import Atom
from guardrails.gates.architecture.keeping.differences import Changes
from guardrails.gates.architecture.keeping.rows import Row
from guardrails.model.ports import Cache
from guardrails.model.record import Record

_PIECE = 4 << 20
_MOST_EDITS = 500  # then names that nobody reads any more are swept out by judging all files anew


class Kept(Record):
    """One file's judgement: its findings, the names and functions they were read from, by number, the other
    files that evidence stands in, and whether a comment of the file speaks to us."""

    rows: tuple[Row, ...]
    atoms: tuple[int, ...]
    starts: tuple[int, ...]
    elsewhere: tuple[str, ...]
    speaks: bool


class Memory:
    """The judgements of one tree. `blobs` tell of which contents."""

    def __init__(self) -> None:
        self.blobs: dict[str, str] = {}
        self.edits = 0
        self._files: dict[str, tuple[Any, ...]] = {}
        self._atoms: dict[Atom, int] = {}
        self._nodes: dict[Key, int] = {}
        self._read: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        self._barren: dict[str, list[int]] = {}

    def __contains__(self, path: str) -> bool:
        """Whether the file's judgement is known."""
        return path in self._files

    def kept(self, path: str) -> Kept:
        """Return the file's judgement; raises KeyError for one that is not known."""
        return Kept._make(self._files[path])

    def barren(self) -> Mapping[str, frozenset[Key]]:
        """Return the functions that reach nothing, by the search's name."""
        keys = list(self._nodes)
        return {name: frozenset(keys[one] for one in some) for name, some in self._barren.items()}

    def forget(self, changes: Changes) -> None:
        """Drop every judgement, and all that is known of functions, that the changes may have made wrong."""
        unknown = changes.unknown
        atoms = {
            number for atom, number in self._atoms.items() if atom in changes.atoms or atom[0] in unknown
        }
        nodes = {number for key, number in self._nodes.items() if key in changes.bodies or key[0] in unknown}
        nodes |= {number for number, (read, _) in self._read.items() if not atoms.isdisjoint(read)}
        nodes = self._leading_to(nodes)
        self._files = {
            path: held
            for path, held in self._files.items()
            if path not in changes.paths
            and atoms.isdisjoint(held[1])
            and nodes.isdisjoint(held[2])
            and changes.paths.isdisjoint(held[3])
        }
        self._read = {number: held for number, held in self._read.items() if number not in nodes}
        self._barren = {
            name: [one for one in some if one not in nodes] for name, some in self._barren.items()
        }

    def _leading_to(self, nodes: set[int]) -> set[int]:
        callers: dict[int, list[int]] = {}
        for number, (_, targets) in self._read.items():
            for target in targets:
                callers.setdefault(target, []).append(number)
        found = set(nodes)
        queue = list(nodes)
        for one in queue:
            for caller in callers.get(one, ()):
                if caller not in found:
                    found.add(caller)
                    queue.append(caller)
        return found

    def keep(self, path: str, rows: tuple[Row, ...], trace: Trace, graph: Graph, *, speaks: bool) -> None:
        """Remember a file's findings with what they were read from."""
        elsewhere = {row[3] for row in rows} | {step[1] for row in rows for way in row[-1] for step in way}
        starts = self._numbers(map(graph.key, trace.starts))
        self._files[path] = (
            rows,
            self._numbered(trace.atoms),
            starts,
            tuple(sorted(elsewhere - {path})),
            speaks,
        )

    def learn(self, graph: Graph) -> None:
        """Remember what functions of the graph were read from, and which of them reach nothing."""
        for symbol, trace in graph.read.items():
            onward: Iterable[Symbol] = (*graph.targets(symbol), *trace.starts)
            targets = self._numbers(graph.key(one) for one in onward if one != symbol)
            (number,) = self._numbers((graph.key(symbol),))
            self._read[number] = (self._numbered(trace.atoms), targets)
        for name, symbols in graph.barren.items():
            known = self._barren.get(name, [])
            self._barren[name] = sorted({*known, *self._numbers(map(graph.key, symbols))})

    def _numbered(self, atoms: Iterable[Atom]) -> tuple[int, ...]:
        known = self._atoms
        return tuple([known.setdefault(one, len(known)) for one in atoms])

    def _numbers(self, keys: Iterable[Key]) -> tuple[int, ...]:
        known = self._nodes
        return tuple([known.setdefault(one, len(known)) for one in keys])

    def written(self) -> bytes:
        """Return all of it as bytes; the reverse of `read_memory`."""
        tables = list(self._atoms), list(self._nodes), self._read, self._barren
        return marshal.dumps((self.blobs, self.edits, self._files, *tables))


def _of_bytes(data: bytes) -> Memory:
    found = Memory()
    found.blobs, found.edits, found._files, atoms, nodes, found._read, found._barren = marshal.loads(data)  # noqa: S302 - our own cache, checked by its digest
    found._atoms = {atom: number for number, atom in enumerate(atoms)}
    found._nodes = {key: number for number, key in enumerate(nodes)}
    return found


def recall(cache: Cache, key: str) -> Memory:
    """Return what was stored under `key`; an empty memory where there is nothing, or not the whole of it."""
    try:
        digest, count = marshal.loads(cache.get(key) or b"")  # noqa: S302 - as above
        pieces = [cache.get(f"{key}/{number}") or b"" for number in range(count)]
        data = b"".join(pieces)
        # Pieces of two runs that wrote at once do not make one whole.
        found = _of_bytes(data) if hashlib.sha256(data).digest() == digest else Memory()
    except (ValueError, EOFError, TypeError):
        return Memory()
    return found if found.edits < _MOST_EDITS else Memory()


def store(cache: Cache, key: str, memory: Memory) -> None:
    """Keep the memory under `key`, in pieces that the cache takes."""
    data = memory.written()
    pieces = [data[start : start + _PIECE] for start in range(0, len(data), _PIECE)]
    for number, piece in enumerate(pieces):
        cache.put(f"{key}/{number}", piece)
    cache.put(key, marshal.dumps((hashlib.sha256(data).digest(), len(pieces))))
