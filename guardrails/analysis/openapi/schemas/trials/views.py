"""One place of a message as a search for values sees it: what both sides say there, and what decides it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from guardrails.analysis.openapi.schemas.shapes import Conjunction, Shape
from guardrails.analysis.openapi.values import Json, Node, members

_CHOOSING = ("anyOf", "oneOf", "if", "not", "dependentSchemas", "contains")
_COUNTING = (
    *("dependentRequired", "minProperties", "maxProperties", "propertyNames"),
    *("patternProperties", "unevaluatedProperties", "unevaluatedItems"),
)


@dataclass(frozen=True, slots=True)
class View:
    """A source shape with the target's nodes at the same place, and nodes of its `own` conditions.

    `mixed` tells that one of them decides by looking at several parts at once.
    `edge` is everything whose boundaries are worth trying, `needed` the names that it requires;
    `counted` tells that it matters which names, or how many, stand beside each other.
    """

    shape: Shape
    hint: Shape
    edge: Shape
    needed: frozenset[str]
    counted: bool
    mixed: bool
    own: tuple[Node, ...]

    @property
    def named(self) -> bool:
        """Whether it matters what the names of undeclared properties are."""
        return any("propertyNames" in node for node in self.edge.plain)


def view_of(shape: Shape, hint: Shape, own: tuple[Node, ...], *, composed: bool) -> View:
    """Return what there is to know of a place where a shape of the source meets all nodes of the target."""
    edge = Shape((*shape.plain, *hint.plain, *own))
    counted = any(name in node for node in edge.plain for name in _COUNTING)
    return View(shape, hint, edge, frozenset(edge.required()), counted, composed or bool(shape.rest), own)


def linked(edge: Shape) -> set[str]:
    """Return the names of properties that ask for something when they are there."""
    return {
        name
        for node in edge.plain
        for key in ("dependentRequired", "dependentSchemas")
        for name in members(node.get(key))
    }


def is_linked(shape: Shape) -> bool:
    """Whether an object needs properties that it need not have by itself."""
    return any("dependentRequired" in node or "minProperties" in node for node in shape.plain)


def is_composed(shape: Shape) -> bool:
    """Whether a node chooses by looking at a whole value, so that its parts cannot be varied alone."""
    return any(name in node for node in shape.plain for name in _CHOOSING)


def in_turn(parts: Iterable[Iterable[Json]]) -> Iterator[Json]:
    """Yield one value of each part, then the next of each, so that none waits for another's end."""
    left = [iter(part) for part in parts]
    while left:
        still = []
        for part in left:
            for value in part:
                yield value
                still.append(part)
                break
        left = still


def with_each(name: str, column: list[Json], messages: tuple[Node, ...]) -> Iterator[Json]:
    """Yield each message with each value of the column under that name."""
    for one in column:
        for message in messages:
            yield {**message, name: one}


def part_of(shape: Shape, place: str | int | None) -> Conjunction:
    """Return what a property by name, an item by index, or an undeclared property (None) must fit."""
    if place is None:
        return shape.of_others()
    return shape.of_index(place) if isinstance(place, int) else shape.of_name(place)


def ordered(shape: Shape) -> list[str]:
    """Return the types that fit, those first of which messages are made."""
    order: tuple[str, ...] = ("object", "array", "string", "integer", "number", "boolean", "null")
    kinds = shape.types()
    if any(name in node for node in shape.plain for name in ("items", "prefixItems", "contains", "minItems")):
        order = ("array", *(one for one in order if one != "array"))
    return [one for one in order if one in kinds]
