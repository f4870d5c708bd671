"""Values worth trying as witnesses: at and around every boundary that either schema names.

One value is varied at a time inside an otherwise plain message, and only where the two schemas
differ, so that the number of candidates grows with the number of differences and not with the
size of the message.
"""

from collections.abc import Callable, Iterable, Iterator

from guardrails.analysis.openapi.schemas.containment import Proof
from guardrails.analysis.openapi.schemas.normal import Universe
from guardrails.analysis.openapi.schemas.patterns import samples
from guardrails.analysis.openapi.schemas.shapes import Conjunction, Shape, TooManyShapes, leaves, shapes_of
from guardrails.analysis.openapi.schemas.trials.boundaries import (
    LONGEST_ARRAY,
    PLAIN,
    counted,
    cycled,
    numbers_near,
    sizes_near,
    strings_near,
)
from guardrails.analysis.openapi.schemas.trials.views import (
    View,
    in_turn,
    is_composed,
    is_linked,
    linked,
    ordered,
    part_of,
    view_of,
    with_each,
)
from guardrails.analysis.openapi.values import Json, Node, count, distinct, listed, members, texts, written

_DEEPEST = 7
_MOST_SHAPES = 12
_MOST_VALUES = 160
_MOST_WHOLE = 1000
_MOST_BESIDE = 8
_MOST_REASONS = 12
_MOST_SUBSETS = 3
_MOST_NAMES = 12
_MOST_ASKED = 24
_EXTRA = "guardrailsExtra"
_TEXT: Node = {"type": ["string"]}
_NAMES = ("A", "a b", "", "0", "x-a")
_ALTERNATIVES: tuple[Json, ...] = ("text", 7, None, True, {}, [])
Accepts = Callable[[Conjunction, Json], bool]
Reason = Callable[[Conjunction, Json], str]


class Candidates:
    """Generates values that source nodes accept and that lie near the edges of target nodes."""

    def __init__(
        self, source: Universe, target: Universe, proof: Proof, sent: Accepts, taken: Accepts, why: Reason
    ) -> None:
        """Take both sides, a prover of where they agree, what each accepts, and why the target refuses."""
        self._source = source
        self._target = target
        self._proof = proof
        self._sent = sent
        self._taken = taken
        self._why = why
        self._left = 0
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...], bool], tuple[int, list[Json]]] = {}
        self._kept: list[tuple[Conjunction, Conjunction]] = []
        self._keys: dict[int, tuple[Json, object]] = {}

    def of_slot(self, source: Conjunction, target: Conjunction, budget: int) -> list[Json]:
        """Return values for a whole message; at most about `budget` are tried in all its parts."""
        self._left = budget
        self._keys.clear()
        return self.values(source, target)

    def values(
        self, source: Conjunction, target: Conjunction, depth: int = 0, *, alone: bool = True
    ) -> list[Json]:
        """Return values that the source nodes accept; the first one is plain, if there is any.

        A part that is not `alone` is varied even where both sides agree on it, because a
        condition beside it may read it. What was made with less room below is made again.
        """
        key = (tuple(map(id, source)), tuple(map(id, target)), alone)
        known = self._known.get(key)
        if known is not None and known[0] <= depth:
            return known[1]
        self._known[key] = (-1, [])  # a recursive part ends where it begins again
        self._kept.append((source, target))
        found = self._made(source, target, depth, alone=alone)
        if self._left < 0:
            del self._known[key]
        else:
            self._known[key] = (depth, found)
        return found

    def _made(self, source: Conjunction, target: Conjunction, depth: int, *, alone: bool) -> list[Json]:
        found: dict[object, Json] = {}
        agreed = depth > 0 and self._proof.holds(source, target)
        most = (_MOST_VALUES if depth else _MOST_WHOLE) if not agreed else 1 if alone else _MOST_BESIDE
        for value in self._proposed(source, () if agreed and alone else target, depth, alone=alone):
            self._left -= 1
            key = _key(value)
            if key not in found and self._sent(source, value):
                found[key] = value
                if len(found) >= most:
                    break
            if self._left < 0 and found:
                break
        values = list(found.values())
        if agreed or depth == 0 or not any(target):
            return values
        return self._telling(values, target, alone=alone)

    def _telling(self, values: list[Json], target: Conjunction, *, alone: bool) -> list[Json]:
        """Return one value that the target takes as well, then those that it refuses, then the rest.

        Where nothing beside the part reads it, one refused value for each reason says it all.
        """
        taken = [self._taken(target, one) for one in values]
        fitting = [one for one, fits in zip(values, taken, strict=True) if fits]
        refused = [one for one, fits in zip(values, taken, strict=True) if not fits]
        if not alone or not refused:
            return [*fitting[:1], *refused, *fitting[1:]]
        reasons: dict[str, Json] = {}
        for one in refused:
            reasons.setdefault(self._why(target, one), one)
        return [*fitting[:1], *list(reasons.values())[:_MOST_REASONS]]

    def _proposed(
        self, source: Conjunction, target: Conjunction, depth: int, *, alone: bool
    ) -> Iterator[Json]:
        if not any(source) and not any(target):
            yield from _ALTERNATIVES
            return
        try:
            shapes = shapes_of(self._source, source)[:_MOST_SHAPES]
        except TooManyShapes:
            shapes = [Shape(tuple(leaves(self._source, source)))]
        hint = Shape(tuple(leaves(self._target, target)))
        yield from in_turn(
            part
            for shape in shapes
            for part in self._of_shape(shape, hint, composed=not alone or is_composed(hint), depth=depth)
        )

    def _of_shape(self, shape: Shape, hint: Shape, *, composed: bool, depth: int) -> Iterator[Iterable[Json]]:
        values = shape.values()
        if values is not None:
            yield values
            return
        view = view_of(shape, hint, tuple(self._rest_leaves(shape)), composed=composed)
        for kind in ordered(shape):
            yield self._of_kind(kind, view, depth)
        yield [one for node in view.edge.plain for one in listed(node.get("enum"))]

    def _rest_leaves(self, shape: Shape) -> Iterator[Node]:
        for _, node in shape.rest:
            for name in ("if", "then", "else", "contains", "not"):
                yield from leaves(self._source, (members(node.get(name)),))

    def _of_kind(self, kind: str, view: View, depth: int) -> Iterable[Json]:
        if kind == "string":
            return strings_near(view.shape, view.edge)
        if kind in {"integer", "number"}:
            return numbers_near(kind, view.edge)
        if kind == "array":
            return self._filled(self._arrays(view, depth), view, depth)
        return self._whole_objects(view, depth) if kind == "object" else PLAIN[kind]

    def _filled(self, arrays: Iterator[Json], view: View, depth: int) -> Iterator[Json]:
        """Yield each array, and each with the items that it must contain."""
        wanted = [one for node in view.shape.plain for one in self._needed(node, depth)]
        for made in arrays:
            yield made
            if wanted:
                yield [*listed(made), *wanted]

    def _whole_objects(self, view: View, depth: int) -> Iterator[Json]:
        for made in self._objects(view, depth):
            yield made
            if is_linked(view.shape):
                yield self._completed(made, view, depth)

    def _completed(self, made: Json, view: View, depth: int) -> Json:
        """Return an object with what its other properties ask for, and with as many as are needed at least."""
        found, shape = members(made), view.shape
        left = list(found)
        while left:
            name = left.pop()
            for node in shape.plain:
                for needed in texts(members(node.get("dependentRequired")).get(name)):
                    if needed not in found:
                        found = {**found, needed: next(iter(self._inner(view, needed, depth)), None)}
                        left.append(needed)
        least = int(min(shape.least("minProperties"), LONGEST_ARRAY))
        spare = (*shape.names(), *self._other_names(view, depth, least)) if len(found) < least else ()
        for name in spare:
            values = self._inner(view, name, depth) if name not in found and len(found) < least else []
            found = {**found, name: values[0]} if values else found
        return found

    def _other_names(self, view: View, depth: int, most: int = 0) -> list[str]:
        """Return names that no schema declares: such as tell apart what names may be, then plain ones."""
        sent, taken = (
            tuple(members(node["propertyNames"]) for node in shape.plain if "propertyNames" in node)
            for shape in (view.shape, view.hint)
        )
        told: list[Json] = []
        if (sent or taken) and depth < _DEEPEST:
            told = self.values((*sent, _TEXT), taken, depth + 1, alone=False)
        patterns = dict.fromkeys((*view.shape.name_patterns(), *view.edge.name_patterns()))
        matching = [name for pattern in patterns for name in samples(pattern, 3 + most)]
        plain = [_EXTRA, *(f"{_EXTRA}{index}" for index in range(most))]
        names = [*(one for one in told[:_MOST_NAMES] if isinstance(one, str)), *matching, *plain]
        return list(dict.fromkeys(names))

    def _inner(self, view: View, place: str | int | None, depth: int, *, several: bool = False) -> list[Json]:
        """Return values for a property by name, an item by index, or an undeclared property (None).

        `several` asks for more than one also where both sides agree.
        """
        source, target = part_of(view.shape, place), part_of(view.hint, place)
        if depth >= _DEEPEST:
            return [one for one in _ALTERNATIVES if self._sent(source, one)][:1]
        found = self.values(source, target, depth + 1, alone=not (view.mixed or several))
        for node in view.own if place is not None else ():
            asked = part_of(Shape((node,)), place)
            if any(asked):
                found = [
                    *found,
                    *self.values((*source, *asked), target, depth + 1, alone=False)[:_MOST_ASKED],
                ]
        return list({self._key(one): one for one in found}.values()) if view.own else found

    def _key(self, value: Json) -> object:
        """Return the key of a value that stands in many messages."""
        kept = self._keys.get(id(value))
        if kept is None:
            kept = self._keys[id(value)] = value, _key(value)
        return kept[1]

    def _arrays(self, view: View, depth: int) -> Iterator[Json]:
        shape, edge = view.shape, view.edge
        needed = int(min(shape.least("minItems"), LONGEST_ARRAY))
        places = max(shape.places(), edge.places())
        columns = [self._inner(view, one, depth) for one in range(places)]
        unlike = any("uniqueItems" in node for node in shape.plain)
        tail = self._inner(view, places, depth, several=unlike)
        contained = [one for node in shape.plain for one in self._contained(node, depth)]
        tail = distinct([*tail, *contained])
        first = [column[0] for column in columns if column]
        if tail or needed <= len(first):
            yield [*first, *cycled(tail, needed - len(first))]
        if unlike and tail and needed > len(first):
            yield [*first, *counted(distinct(tail), needed - len(first))]
        yield []
        for index, column in enumerate(columns[: len(first)]):
            yield from ([*first[:index], one, *first[index + 1 :]] for one in column[1:])
            yield first[: index + 1]
        yield from ([*first, one, *cycled(tail, needed - len(first) - 1)] for one in tail)
        if tail:
            sizes = {
                *sizes_near(edge, "minItems", "maxItems"),
                *sizes_near(edge, "minContains", "maxContains"),
            }
            for size in sorted(sizes):
                yield [*first, *[tail[0]] * (size - len(first))]
                yield [*first, *counted(tail, size - len(first))]
                yield from ([*first, *[one] * (size - len(first))] for one in contained)
            yield [*first, tail[0], tail[0]]
            yield [*first, *tail[:2]]

    def _needed(self, node: Node, depth: int) -> list[Json]:
        """Return as many items as an array must contain of one kind."""
        least = count(node.get("minContains", 1)) or 0
        return cycled(self._contained(node, depth), min(least, LONGEST_ARRAY))

    def _contained(self, node: Node, depth: int) -> list[Json]:
        part = node.get("contains")
        return (
            self.values((members(part),), (), depth + 1)[:3]
            if isinstance(part, dict) and depth < _DEEPEST
            else []
        )

    def _objects(self, view: View, depth: int) -> Iterator[Json]:
        shape, edge = view.shape, view.edge
        needed = shape.required()
        columns = {name: self._inner(view, name, depth) for name in sorted(needed)}
        yield {name: column[0] for name, column in columns.items() if column}
        names = dict.fromkeys(
            (*shape.names(), *edge.names(), *sorted(edge.asked_for() | needed | linked(edge)))
        )
        columns = {name: self._inner(view, name, depth) for name in names if self._bears(view, name)}
        first: dict[str, Json] = {name: column[0] for name, column in columns.items() if column}
        described = Shape((*shape.plain, *view.own))
        declared: Node = {name: one for name, one in first.items() if described.declares(name)}
        least: Node = {name: one for name, one in first.items() if name in shape.required()}
        yield declared
        told = edge.required() - shape.required() if not view.mixed else set(first)
        for name in first:
            if name in told:
                yield {other: one for other, one in declared.items() if other != name}
        parts = [
            with_each(name, columns[name], (least, declared))
            for name in first
            if view.mixed or name not in least or len(columns[name]) > 1
        ]
        parts.append(self._combinations(least, columns, edge))
        if view.mixed or view.counted or not self._proof.holds(shape.of_others(), view.hint.of_others()):
            parts.append(self._more(view, least, declared, depth))
        elif shape.name_patterns() or edge.name_patterns():
            parts.append(self._patterned(view, least, depth))
        yield from in_turn(parts)

    def _bears(self, view: View, name: str) -> bool:
        """Whether a property of that name can matter to whether the object breaks."""
        if view.mixed or view.counted or name in view.needed:
            return True
        return not self._proof.holds(part_of(view.shape, name), part_of(view.hint, name))

    def _combinations(self, least: Node, columns: dict[str, list[Json]], edge: Shape) -> Iterator[Json]:
        first = {name: column[0] for name, column in columns.items() if column}
        names = linked(edge)
        together: Node = {**least, **{name: one for name, one in first.items() if name in names}}
        for name, column in columns.items() if names else ():
            yield from ({**together, name: one} for one in column)
        optional = [name for name in first if name not in least]
        pairs = (
            optional if len(optional) <= _MOST_SUBSETS + 2 else [name for name in optional if name in names]
        )
        for index, one in enumerate(pairs):
            for other in pairs[index + 1 :]:
                yield {**least, one: first[one], other: first[other]}

    def _more(self, view: View, least: Node, declared: Node, depth: int) -> Iterator[Json]:
        shape, edge = view.shape, view.edge
        others = shape.of_others()
        if not any(one == {"not": {}} for one in others):
            values = distinct(
                [*self._inner(view, None, depth), *self._left_over(view, depth), *_ALTERNATIVES]
            )
            names = self._other_names(view, depth) if view.named else [_EXTRA]
            for one in values[:40]:
                yield {**least, names[0]: one}
            yield from ({**least, name: one} for name in names for one in values[:2])
            yield from ({**least, name: values[0]} for name in _NAMES)
            for size in sizes_near(edge, "minProperties", "maxProperties"):
                extra = {f"{_EXTRA}{index}": values[0] for index in range(size - len(least))}
                yield {**least, **extra}
        yield {**declared, _EXTRA: "text"}
        yield from self._patterned(view, least, depth)

    def _left_over(self, view: View, depth: int) -> list[Json]:
        """Return values for a property that no schema evaluated, where one says what such properties are."""
        sent, taken = (
            tuple(members(one) for node in shape.plain if (one := node.get("unevaluatedProperties")))
            for shape in (view.shape, view.hint)
        )
        return self.values(sent, taken, depth + 1) if (sent or taken) and depth < _DEEPEST else []

    def _patterned(self, view: View, least: Node, depth: int) -> Iterator[Json]:
        shape, edge = view.shape, view.edge
        for pattern in dict.fromkeys((*shape.name_patterns(), *edge.name_patterns())):
            for name in samples(pattern, 3):
                column = self._inner(view, name, depth)
                yield from ({**least, name: one} for one in column[:40])


def _key(value: Json) -> object:
    """Return what tells a value from all that are written otherwise; most are short, and need no writing."""
    return written(value) if isinstance(value, dict | list | float) else (type(value), value)
