"""What a schema says, taken apart into cases: how a value can fit it, and how it can fail to.

Each alternative is a list of parts that hold or fail and of literals, which say in one step what
no positive schema can (some item fails, a string does not match).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from guardrails.analysis.openapi.schemas.normal import FALSE, TYPES, UNREAD, UNRESOLVED, Universe
from guardrails.analysis.openapi.schemas.shapes import Shape
from guardrails.analysis.openapi.values import Json, Node, canonical, count, listed, members, number, texts

_LEAST = {"minLength": "maxLength", "minItems": "maxItems", "minProperties": "maxProperties"}
_KINDS = {"Length": "string", "Items": "array", "Properties": "object"}
_BOUNDS = {
    "minimum": "exclusiveMaximum",
    "maximum": "exclusiveMinimum",
    "exclusiveMinimum": "maximum",
    "exclusiveMaximum": "minimum",
}
OPAQUE = ("unevaluatedItems", "unevaluatedProperties", UNREAD, UNRESOLVED)
_NUMBERS: list[Json] = ["number"]
_STRINGS: Node = {"type": ["string"]}
_ARRAYS: Node = {"type": ["array"]}
_OBJECTS: Node = {"type": ["object"]}


@dataclass(frozen=True, slots=True)
class Part:
    """One node of one side (0 the source, 1 the target) that holds of the value, or fails."""

    side: int
    holds: bool
    node: Node


@dataclass(frozen=True, slots=True)
class Literal:
    """One fact about the value that is no schema; `name` says which, of `node` or `value`."""

    name: str
    side: int
    node: Node
    value: Json = None


Alternative: TypeAlias = "list[Part | Literal]"


@dataclass(slots=True)
class Value:
    """What is known of one value in one case: the parts asked about, plain nodes by side, and literals."""

    asked: tuple[Part, ...]
    plain: tuple[list[Node], list[Node]] = field(default_factory=lambda: ([], []))
    literals: list[Literal] = field(default_factory=list)

    def copy(self) -> "Value":
        """Return a value of which more can be said without saying it of this one."""
        return Value(self.asked, (list(self.plain[0]), list(self.plain[1])), list(self.literals))

    @property
    def nodes(self) -> list[Node]:
        """All plain nodes."""
        return [*self.plain[0], *self.plain[1]]

    def named(self, name: str) -> Iterator[Literal]:
        """Yield the literals of that name."""
        return (one for one in self.literals if one.name == name)

    def at(self, place: str | int) -> list[Part]:
        """Return what must hold at a property or an item."""
        return [
            fits(side, node)
            for side, nodes in enumerate(self.plain)
            for node in (
                Shape(tuple(nodes)).of_name(place)
                if isinstance(place, str)
                else Shape(tuple(nodes)).of_index(place)
            )
        ]


def fits(side: int, node: Node) -> Part:
    """Return the fact that the value fits a node."""
    return Part(side, holds=True, node=node)


def fails(side: int, node: Node) -> Part:
    """Return the fact that the value fails a node."""
    return Part(side, holds=False, node=node)


def choices_of(part: Part) -> Iterator[list[Alternative]]:
    """Yield the choices that a node leaves to a value that fits it."""
    side, node = part.side, part.node
    if "anyOf" in node:
        yield [[fits(side, members(one))] for one in listed(node["anyOf"])]
    if "oneOf" in node:
        branches = [members(one) for one in listed(node["oneOf"])]
        yield [
            [Part(side, one is other, other) for other in branches]
            for one in {id(b): b for b in branches}.values()
        ]
    if "if" in node and ("then" in node or "else" in node):
        condition = members(node["if"])
        yield [
            [fits(side, condition), fits(side, members(node.get("then")))],
            [fails(side, condition), fits(side, members(node.get("else")))],
        ]
    for name, inner in members(node.get("dependentSchemas")).items():
        yield [[fits(side, _lacking(name))], [fits(side, members(inner))]]
    for name, needed in members(node.get("dependentRequired")).items():
        yield [[fits(side, _lacking(name))], [fits(side, {"required": needed})]]


def _lacking(name: str) -> Node:
    return {"properties": {name: FALSE}}


def violations_of(part: Part, universe: Universe) -> list[Alternative]:
    """Return every way in which a value can fail a node; none for a node that says nothing."""
    side, node = part.side, part.node
    found: list[Alternative] = []
    if "$ref" in node:
        found.append([fails(side, universe.at(str(node["$ref"])))])
    found += _composed(side, node)
    found += _scalars(side, node)
    found += _of_arrays(side, node)
    found += _of_objects(side, node)
    for name in OPAQUE:
        if name in node:
            rest = {key: one for key, one in node.items() if key not in OPAQUE}
            found.append([fits(side, rest), Literal("opaque", side, node, name)])
    return found


def _composed(side: int, node: Node) -> Iterator[Alternative]:
    for one in listed(node.get("allOf")):
        yield [fails(side, members(one))]
    if "anyOf" in node:
        yield [fails(side, members(one)) for one in listed(node["anyOf"])]
    if "oneOf" in node:
        branches = [members(one) for one in listed(node["oneOf"])]
        yield [fails(side, one) for one in branches]
        for index, one in enumerate(branches):
            for other in branches[index + 1 :]:
                yield [fits(side, one), fits(side, other)]
    if "not" in node:
        yield [fits(side, members(node["not"]))]
    if "if" in node:
        condition = members(node["if"])
        if "then" in node:
            yield [fits(side, condition), fails(side, members(node["then"]))]
        if "else" in node:
            yield [fails(side, condition), fails(side, members(node["else"]))]


def _scalars(side: int, node: Node) -> Iterator[Alternative]:
    types = texts(node.get("type"))
    if "type" in node:
        others = [one for one in TYPES if one not in {*types, "integer", "number"}]
        numeric = {"integer", "number"} & set(types)
        yield [fits(side, {"type": list[Json](others if numeric else [*others, "number"])})]
        if numeric == {"integer"}:
            yield [fits(side, {"type": _NUMBERS}), Literal("not-multiple", side, node, 1)]
    if "enum" in node:
        yield [Literal("not-listed", side, node)]
    for name, flipped in _BOUNDS.items():
        if number(node.get(name)) is not None:
            yield [fits(side, {"type": _NUMBERS, flipped: node[name]})]
    if "multipleOf" in node:
        yield [fits(side, {"type": _NUMBERS}), Literal("not-multiple", side, node, node["multipleOf"])]
    for name in ("pattern", "format", "contentEncoding"):
        if name in node:
            yield [fits(side, _STRINGS), Literal(f"not-{name}", side, node, node[name])]
    for least, most in _LEAST.items():
        kind: Json = [_KINDS[least[3:]]]
        low, high = count(node.get(least)), count(node.get(most))
        if low:
            yield [fits(side, {"type": kind, most: low - 1})]
        if high is not None:
            yield [fits(side, {"type": kind, least: high + 1})]


def _of_arrays(side: int, node: Node) -> Iterator[Alternative]:
    prefix = listed(node.get("prefixItems"))
    for index, one in enumerate(prefix):
        places: list[Json] = [{} for _ in range(index)]
        failing: Node = {"minItems": index + 1, "prefixItems": [*places, {"not": one}]}
        yield [fits(side, {**_ARRAYS, **failing})]
    if "items" in node:
        long: Node = {**_ARRAYS, "minItems": len(prefix) + 1}
        yield [fits(side, long), Literal("some-item", side, members(node["items"]), len(prefix))]
    if "uniqueItems" in node:
        yield [fits(side, {**_ARRAYS, "minItems": 2}), Literal("repeats", side, node)]
    if "contains" in node:
        contained = members(node["contains"])
        fewest = node.get("minContains", 1)
        if fewest:
            yield [fits(side, _ARRAYS), Literal("few", side, contained, fewest)]
        if "maxContains" in node:
            yield [fits(side, _ARRAYS), Literal("many", side, contained, node["maxContains"])]


def _of_objects(side: int, node: Node) -> Iterator[Alternative]:
    for name in texts(node.get("required")):
        yield [fits(side, {**_OBJECTS, **_lacking(name)})]
    for name, one in members(node.get("properties")).items():
        yield [fits(side, {**_OBJECTS, "required": [name], "properties": {name: {"not": one}}})]
    for name, needed in members(node.get("dependentRequired")).items():
        for other in texts(needed):
            yield [fits(side, {**_OBJECTS, "required": [name], **_lacking(other)})]
    for name, one in members(node.get("dependentSchemas")).items():
        yield [fits(side, {**_OBJECTS, "required": [name]}), fails(side, members(one))]
    for pattern, one in members(node.get("patternProperties")).items():
        yield [fits(side, _OBJECTS), Literal("some-matching", side, members(one), pattern)]
    if "additionalProperties" in node:
        yield [fits(side, _OBJECTS), Literal("some-other", side, node)]
    if "propertyNames" in node:
        yield [fits(side, _OBJECTS), Literal("some-name", side, members(node["propertyNames"]))]


def stripped(part: Part, universe: Universe) -> Part:
    """Return the same fact about a node that is neither a mere negation nor a mere reference."""
    for _ in range(_DEEPEST):
        node = part.node
        if node.keys() == {"not"}:
            part = Part(part.side, not part.holds, members(node["not"]))
        elif node.keys() == {"$ref"}:
            part = Part(part.side, part.holds, universe.at(str(node["$ref"])))
        else:
            break
    return part


_DEEPEST = 32


def numbers_clash(literals: list[Literal], multiples: list[int | float]) -> bool:
    """Whether some number must be no multiple of what it is a multiple of."""
    wanted = [number(one.value) for one in literals if one.name == "not-multiple"]
    whole = [one for one in multiples if isinstance(one, int)]
    multiples = [*multiples, math.lcm(*whole)] if whole else multiples
    return any(_divides(one, two) for one in wanted for two in multiples)


def _divides(one: int | float | None, other: int | float) -> bool:
    return bool(one) and one is not None and float(other / one).is_integer()


def literal_text(value: Json) -> str:
    """Return a pattern that only that string matches."""
    return (
        "^" + "".join(f"\\{one}" if not one.isalnum() and one.isascii() else one for one in str(value)) + "$"
    )


def excluded_texts(literals: list[Literal]) -> list[str]:
    """Return the patterns that the value must not match, listed strings among them."""
    found = [str(one.value) for one in literals if one.name == "not-pattern"]
    for one in literals:
        if one.name == "not-listed":
            found += [literal_text(value) for value in listed(one.node["enum"]) if isinstance(value, str)]
    return found


def names_alike(literals: list[Literal], plain: list[Node], name: str) -> bool:
    """Whether a format or an encoding that a string must not have is one that it has."""
    said = {canonical(node[name]) for node in plain if name in node}
    return any(one.name == f"not-{name}" and canonical(one.value) in said for one in literals)
