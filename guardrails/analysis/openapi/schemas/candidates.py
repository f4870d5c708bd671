"""Values worth trying as witnesses: at and around every boundary that either schema names.

One value is varied at a time inside an otherwise plain message, and only where the two schemas
differ, so that the number of candidates grows with the number of differences and not with the
size of the message.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from guardrails.analysis.openapi.schemas.automata import difference
from guardrails.analysis.openapi.schemas.containment import Proof
from guardrails.analysis.openapi.schemas.normal import Universe
from guardrails.analysis.openapi.schemas.patterns import Irregular, samples
from guardrails.analysis.openapi.schemas.shapes import Conjunction, Shape, TooManyShapes, shapes_of, trivial
from guardrails.analysis.openapi.values import Json, Node, canonical, distinct, listed, members

_DEEPEST = 7
_MOST_SHAPES = 12
_MOST_VALUES = 160
_MOST_BESIDE = 8
_LONGEST_TEXT = 3000
_LONGEST_ARRAY = 60
_MOST_SUBSETS = 3
_EXTRA = "guardrailsExtra"
_PLAIN: dict[str, tuple[Json, ...]] = {
    "null": (None,),
    "boolean": (True, False),
    "integer": (1, 0, -1),
    "number": (1, 0, 0.5, -1.5),
    "string": ("a", "", "0"),
}
_NAMES = ("A", "a b", "", "0", "x-a")
_ALTERNATIVES: tuple[Json, ...] = ("text", 7, None, True, {}, [])
Accepts = Callable[[Conjunction, Json], bool]


class Candidates:
    """Generates values that source nodes accept and that lie near the edges of target nodes."""

    def __init__(
        self, source: Universe, target: Universe, proof: Proof, accepted: Accepts, budget: int
    ) -> None:
        """Take both sides, a prover to tell where they are equal, and what the source accepts."""
        self._source = source
        self._target = target
        self._proof = proof
        self._accepted = accepted
        self._left = budget
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...], bool], list[Json]] = {}
        self._kept: list[tuple[Conjunction, Conjunction]] = []

    def values(
        self, source: Conjunction, target: Conjunction, depth: int = 0, *, alone: bool = True
    ) -> list[Json]:
        """Return values that the source nodes accept; the first one is plain, if there is any.

        A part that is not `alone` is varied even where both sides agree on it, because a
        condition beside it may read it.
        """
        key = (tuple(map(id, source)), tuple(map(id, target)), alone)
        if key not in self._known:
            self._known[key] = []  # a recursive part ends where it begins again
            self._kept.append((source, target))
            self._known[key] = self._made(source, target, depth, alone=alone)
        return self._known[key]

    def _made(self, source: Conjunction, target: Conjunction, depth: int, *, alone: bool) -> list[Json]:
        found: dict[str, Json] = {}
        agreed = depth > 0 and self._proof.holds(source, target)
        most = _MOST_VALUES if not agreed else 1 if alone else _MOST_BESIDE
        for value in self._proposed(source, () if agreed and alone else target, depth):
            self._left -= 1
            text = canonical(value)
            if text not in found and self._accepted(source, value):
                found[text] = value
                if len(found) >= most:
                    break
            if self._left < 0 and found:
                break
        return list(found.values())

    def _proposed(self, source: Conjunction, target: Conjunction, depth: int) -> Iterator[Json]:
        if not any(source) and not any(target):
            yield from _ALTERNATIVES
            return
        try:
            shapes = shapes_of(self._source, source)[:_MOST_SHAPES]
        except TooManyShapes:
            shapes = [Shape(tuple(leaves(self._source, source)))]
        hint = Shape(tuple(leaves(self._target, target)))
        for shape in shapes:
            values = shape.values()
            if values is not None:
                yield from values
                continue
            view = _View(shape, hint, tuple(self._rest_leaves(shape)), len(hint.plain) > len(target))
            for kind in _ordered(shape):
                yield from self._of_kind(kind, view, depth)
            yield from (one for node in view.edge.plain for one in listed(node.get("enum")))

    def _rest_leaves(self, shape: Shape) -> Iterator[Node]:
        for _, node in shape.rest:
            for name in ("if", "then", "else", "contains", "not"):
                yield from leaves(self._source, (members(node.get(name)),))

    def _of_kind(self, kind: str, view: "_View", depth: int) -> Iterable[Json]:
        if kind == "string":
            return _strings(view.shape, view.edge)
        if kind in {"integer", "number"}:
            return _numbers(kind, view.edge)
        if kind == "array":
            return self._arrays(view, depth)
        return self._objects(view, depth) if kind == "object" else _PLAIN[kind]

    def _inner(self, view: "_View", place: str | int | None, depth: int) -> list[Json]:
        """Return values for a property by name, an item by index, or an undeclared property (None)."""
        source, target = _part(view.shape, place), _part(view.hint, place)
        if depth >= _DEEPEST:
            return [one for one in _ALTERNATIVES if self._accepted(source, one)][:1]
        return self.values(source, target, depth + 1, alone=not view.mixed)

    def _arrays(self, view: "_View", depth: int) -> Iterator[Json]:
        shape, edge = view.shape, view.edge
        needed = int(min(shape.least("minItems"), _LONGEST_ARRAY))
        places = max(shape.places(), edge.places())
        columns = [self._inner(view, one, depth) for one in range(places)]
        tail = self._inner(view, places, depth)
        contained = [one for node in shape.plain for one in self._contained(node, depth)]
        tail = distinct([*tail, *contained])
        first = [column[0] for column in columns if column]
        if tail or needed <= len(first):
            yield [*first, *_cycled(tail, needed - len(first))]
        yield []
        for index, column in enumerate(columns[: len(first)]):
            yield from ([*first[:index], one, *first[index + 1 :]] for one in column[1:])
            yield first[: index + 1]
        yield from ([*first, one, *_cycled(tail, needed - len(first) - 1)] for one in tail)
        if tail:
            sizes = {*_sizes(edge, "minItems", "maxItems"), *_sizes(edge, "minContains", "maxContains")}
            for size in sorted(sizes):
                yield [*first, *[tail[0]] * (size - len(first))]
                yield [*first, *_counted(tail, size - len(first))]
                yield from ([*first, *[one] * (size - len(first))] for one in contained)
            yield [*first, tail[0], tail[0]]
            yield [*first, *tail[:2]]

    def _contained(self, node: Node, depth: int) -> list[Json]:
        part = node.get("contains")
        return (
            self.values((members(part),), (), depth + 1)[:3]
            if isinstance(part, dict) and depth < _DEEPEST
            else []
        )

    def _objects(self, view: "_View", depth: int) -> Iterator[Json]:
        shape, edge = view.shape, view.edge
        names = [
            *shape.names(),
            *(name for name in (*edge.names(), *edge.required()) if name not in shape.names()),
        ]
        columns = {name: self._inner(view, name, depth) for name in dict.fromkeys(names)}
        first: dict[str, Json] = {name: column[0] for name, column in columns.items() if column}
        declared: Node = {name: one for name, one in first.items() if name in shape.names()}
        least: Node = {name: one for name, one in first.items() if name in shape.required()}
        yield least
        yield declared
        for name in first:
            for one in columns[name]:
                yield {**least, name: one}
                yield {**declared, name: one}
            yield {other: one for other, one in declared.items() if other != name}
        yield from self._combinations(least, columns, edge)
        yield from self._more(view, least, declared, depth)

    def _combinations(self, least: Node, columns: dict[str, list[Json]], edge: Shape) -> Iterator[Json]:
        first = {name: column[0] for name, column in columns.items() if column}
        linked = {
            name
            for node in edge.plain
            for key in ("dependentRequired", "dependentSchemas")
            for name in members(node.get(key))
        }
        together: Node = {**least, **{name: one for name, one in first.items() if name in linked}}
        for name, column in columns.items() if linked else ():
            yield from ({**together, name: one} for one in column)
        optional = [name for name in first if name not in least]
        pairs = (
            optional if len(optional) <= _MOST_SUBSETS + 2 else [name for name in optional if name in linked]
        )
        for index, one in enumerate(pairs):
            for other in pairs[index + 1 :]:
                yield {**least, one: first[one], other: first[other]}

    def _more(self, view: "_View", least: Node, declared: Node, depth: int) -> Iterator[Json]:
        shape, edge = view.shape, view.edge
        others = shape.of_others()
        if not any(one == {"not": {}} for one in others):
            values = distinct([*self._inner(view, None, depth), *_ALTERNATIVES])
            for one in values[:40]:
                yield {**least, _EXTRA: one}
            yield from ({**least, name: values[0]} for name in _NAMES)
            for size in _sizes(edge, "minProperties", "maxProperties"):
                extra = {f"{_EXTRA}{index}": values[0] for index in range(size - len(least))}
                yield {**least, **extra}
        yield {**declared, _EXTRA: "text"}
        for pattern in dict.fromkeys((*shape.name_patterns(), *edge.name_patterns())):
            for name in samples(pattern, 3):
                column = self._inner(view, name, depth)
                yield from ({**least, name: one} for one in column[:40])


@dataclass(frozen=True, slots=True)
class _View:
    """A source shape with the target's nodes at the same place, and nodes of its own conditions.

    `mixed` tells that one of them decides by looking at several parts at once.
    """

    shape: Shape
    hint: Shape
    own: tuple[Node, ...]
    composed: bool

    @property
    def edge(self) -> Shape:
        """Everything whose boundaries are worth trying."""
        return Shape((*self.shape.plain, *self.hint.plain, *self.own))

    @property
    def mixed(self) -> bool:
        """Whether parts must be varied even where both sides agree on them."""
        return self.composed or bool(self.shape.rest)


def _part(shape: Shape, place: str | int | None) -> Conjunction:
    if place is None:
        return shape.of_others()
    return shape.of_index(place) if isinstance(place, int) else shape.of_name(place)


def _ordered(shape: Shape) -> list[str]:
    order: tuple[str, ...] = ("object", "array", "string", "integer", "number", "boolean", "null")
    kinds = shape.types()
    if any(name in node for node in shape.plain for name in ("items", "prefixItems", "contains", "minItems")):
        order = ("array", *(one for one in order if one != "array"))
    return [one for one in order if one in kinds]


def _cycled(values: list[Json], size: int) -> list[Json]:
    return [values[index % len(values)] for index in range(max(size, 0))] if values else []


def _counted(values: list[Json], size: int) -> list[Json]:
    """Return that many values, made to differ by counting where there are too few."""
    found = values[: max(size, 0)]
    counters: list[Json] = (
        [f"a{index}" for index in range(size)] if isinstance(values[0], str) else list(range(size))
    )
    return [*found, *counters[len(found) : size]] if isinstance(values[0], str | int) else found


def _sizes(edge: Shape, least: str, most: str, top: int = _LONGEST_ARRAY) -> list[int]:
    named = [int(one) for name in (least, most) for one in edge.numbers(name) if one <= top]
    return sorted({size for one in named for size in (one - 1, one, one + 1) if size >= 0} | {1, 2, 3})


def _numbers(kind: str, edge: Shape) -> Iterator[Json]:
    yield from _PLAIN[kind]
    bounds = {
        one
        for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        for one in edge.numbers(name)
    }
    for one in sorted(bounds):
        yield from (one, one - 1, one + 1)
        if kind == "number":
            yield from (one - 0.5, one + 0.5)
    for multiple in edge.numbers("multipleOf"):
        yield from (multiple, multiple * 2, multiple * 3, -multiple, multiple * 10)
        yield from (multiple + 1, multiple / 2) if kind == "number" else (multiple + 1,)
        yield from (multiple * (one // multiple + step) for one in bounds for step in (0, 1))
    yield from (2, 3, 5, 10, 100, 2**31, 2**53 + 1)
    if kind == "number":
        yield from (0.25, 1e-9, 1e39)


def _strings(shape: Shape, edge: Shape) -> Iterator[Json]:
    own = sorted(shape.patterns())
    for pattern in own:
        yield from samples(pattern)
    for pattern in own:
        for other in sorted(edge.patterns() - shape.patterns()):
            yield from _telling(pattern, other)
    yield from _PLAIN["string"]
    for pattern in sorted(edge.patterns()):
        yield from samples(pattern, 4)
        if not own:
            yield from _telling("", pattern)
    for size in _sizes(edge, "minLength", "maxLength", _LONGEST_TEXT):
        yield "a" * size
    for pattern in own:
        for size in _sizes(edge, "minLength", "maxLength", _LONGEST_TEXT):
            yield from (
                text + text[-1:] * (size - len(text)) for text in samples(pattern, 4) if len(text) < size
            )
    yield from ("true", "null", "1", "a b", "é", "2026-11-23", "aaaaaaaaaaaa")


def _telling(one: str, other: str) -> list[Json]:
    try:
        found = None if trivial(other) else difference(one, other)
    except Irregular:
        return []
    return [] if found is None else [found]


def leaves(universe: Universe, nodes: Iterable[Node], *, conditions: bool = True) -> list[Node]:
    """Return every node that bears on the same value: through references, branches and, if asked, conditions."""
    found: list[Node] = []
    seen: set[int] = set()
    left = list(nodes)
    while left:
        node = left.pop(0)
        if id(node) in seen:
            continue
        seen.add(id(node))
        found.append(node)
        reference = node.get("$ref")
        if isinstance(reference, str):
            left.append(universe.at(reference))
        for name in ("allOf", "anyOf", "oneOf"):
            left += [members(one) for one in listed(node.get(name))]
        if conditions:
            parts = [node[name] for name in ("if", "then", "else", "not") if name in node]
            left += [members(one) for one in (*parts, *members(node.get("dependentSchemas")).values())]
    return found
