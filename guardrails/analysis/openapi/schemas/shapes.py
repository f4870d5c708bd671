"""A schema as a choice between shapes, each a plain conjunction of keywords.

References, `allOf`, `anyOf` and `oneOf` are multiplied out, so that equal refactors (flattened,
moved, inlined) look alike and what is left can be compared keyword by keyword.
"""

import math
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from guardrails.analysis.openapi.schemas.automata import matches
from guardrails.analysis.openapi.schemas.normal import FALSE, TYPES, UNREAD, Universe
from guardrails.analysis.openapi.schemas.patterns import Irregular
from guardrails.analysis.openapi.values import (
    Json,
    Node,
    canonical,
    distinct,
    kind_of,
    listed,
    members,
    number,
    texts,
)

MOST = 48
_COMPOSING = ("$ref", "allOf", "anyOf", "oneOf")
_LONGEST_SPAN = 256
_LONGEST_NAME = 16  # a backtracking search of a longer one may never end
_OPAQUE = {
    **dict.fromkeys(("contains", "minContains", "maxContains", "unevaluatedItems"), "array"),
    **dict.fromkeys(("propertyNames", "dependentSchemas", "unevaluatedProperties"), "object"),
    **dict.fromkeys(("not", "if", "x-guardrails-unresolved"), ""),
    **dict.fromkeys(("format", "contentEncoding", UNREAD), "string"),
}
Conjunction = tuple[Node, ...]


class TooManyShapes(Exception):
    """A schema multiplies out to more shapes than can be compared, or refers to itself at once."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range of numbers; `None` is no bound."""

    value: int | float | None
    exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """Plain nodes that all hold at once, and what of them is compared only as a whole.

    `rest` holds (keyword, node) of keywords without a rule of their own.
    """

    plain: Conjunction = ()
    rest: tuple[tuple[str, Node], ...] = ()

    def with_(self, other: "Shape") -> "Shape":
        """Return the shape of what fits both."""
        return Shape((*self.plain, *other.plain), (*self.rest, *other.rest))

    def types(self) -> tuple[str, ...]:
        """Return the types that fit, `integer` only where `number` does not."""
        found = set(TYPES)
        for node in self.plain:
            if "type" in node:
                named = set(texts(node["type"]))
                found &= named | ({"integer"} if "number" in named else set())
        if "number" in found:
            found.discard("integer")
            if any(isinstance(one, int) for one in self.numbers("multipleOf")):
                found = (found - {"number"}) | {"integer"}
        return tuple(name for name in TYPES if name in found)

    def values(self) -> list[Json] | None:
        """Return the values that all enumerations share, None without enumeration."""
        lists = [listed(node["enum"]) for node in self.plain if "enum" in node]
        if not lists:
            return None
        kinds = set(self.types()) | ({"integer"} if "number" in self.types() else set())
        others = [{canonical(one) for one in other} for other in lists[1:]]
        shared = [one for one in lists[0] if all(canonical(one) in other for other in others)]
        return distinct(one for one in shared if kind_of(one) in kinds)

    def span(self) -> list[Json] | None:
        """Return every value of a short range of whole numbers, None for any other shape."""
        low, high = self.low(), self.high()
        if self.types() != ("integer",) or low.value is None or high.value is None:
            return None
        first = math.floor(low.value) + 1 if low.exclusive else math.ceil(low.value)
        last = math.ceil(high.value) - 1 if high.exclusive else math.floor(high.value)
        return list(range(first, last + 1)) if last - first < _LONGEST_SPAN else None

    def low(self) -> Bound:
        """Return the strictest lower bound."""
        found = [(one, False) for one in self.numbers("minimum")]
        found += [(one, True) for one in self.numbers("exclusiveMinimum")]
        return Bound(*max(found)) if found else Bound(None)

    def high(self) -> Bound:
        """Return the strictest upper bound."""
        found = [(-one, False) for one in self.numbers("maximum")]
        found += [(-one, True) for one in self.numbers("exclusiveMaximum")]
        if not found:
            return Bound(None)
        value, exclusive = max(found)
        return Bound(-value, exclusive)

    def numbers(self, keyword: str) -> list[int | float]:
        """Return all values of a numeric keyword."""
        found = (number(node[keyword]) for node in self.plain if keyword in node)
        return [one for one in found if one is not None]

    def least(self, keyword: str) -> int | float:
        """Return the strictest `min...` count."""
        return max(self.numbers(keyword), default=0)

    def most(self, keyword: str) -> int | float:
        """Return the strictest `max...` count."""
        return min(self.numbers(keyword), default=float("inf"))

    def patterns(self) -> set[str]:
        """Return the patterns that every string must match."""
        return {
            one for node in self.plain if isinstance(one := node.get("pattern"), str) and not trivial(one)
        }

    def required(self) -> set[str]:
        """Return the names that an object must have."""
        return {name for node in self.plain if "required" in node for name in texts(node["required"])}

    def asked_for(self) -> set[str]:
        """Return the names that an object must have, or must have beside another one."""
        linked = (members(node["dependentRequired"]) for node in self.plain if "dependentRequired" in node)
        return self.required().union(*(texts(needed) for one in linked for needed in one.values()))

    def mentioned(self) -> set[str]:
        """Return the names that a rule speaks of beside their declaration: asked for, depended on, or listed."""
        found = self.asked_for()
        for node in self.plain:
            found.update(members(node.get("dependentRequired")), members(node.get("dependentSchemas")))
            found.update(texts(members(node.get("propertyNames")).get("enum")))
        return found

    def names(self) -> list[str]:
        """Return the declared property names, in order."""
        named = (members(node["properties"]) for node in self.plain if "properties" in node)
        return list(dict.fromkeys(name for one in named for name in one))

    def declares(self, name: str) -> bool:
        """Whether a property of that name is declared."""
        return any(name in members(node["properties"]) for node in self.plain if "properties" in node)

    def name_patterns(self) -> list[str]:
        """Return the patterns that declare property names."""
        return list(
            dict.fromkeys(name for node in self.plain for name in members(node.get("patternProperties")))
        )

    def of_name(self, name: str) -> Conjunction:
        """Return what a property of that name must fit."""
        found: list[Node] = []
        for node in self.plain:
            if "patternProperties" in node:
                found += _of_name(node, name)
            elif name in (properties := members(node.get("properties"))):
                found.append(members(properties[name]))
            elif "additionalProperties" in node:
                found.append(members(node["additionalProperties"]))
        return tuple(found)

    def of_others(self) -> Conjunction:
        """Return what a property must fit that nothing declares."""
        return tuple(
            members(node["additionalProperties"]) for node in self.plain if "additionalProperties" in node
        )

    def of_index(self, index: int) -> Conjunction:
        """Return what an item at that place must fit."""
        return tuple(one for node in self.plain for one in _of_index(node, index))

    def places(self) -> int:
        """Return how many places of an array have a schema of their own."""
        return max((len(listed(node.get("prefixItems"))) for node in self.plain), default=0)

    def is_empty(self) -> bool:
        """Whether plainly nothing fits."""
        return not self.types() or self.values() == [] or ("not", FALSE) in self.rest


def trivial(pattern: str) -> bool:
    """Whether every string matches the pattern."""
    return pattern in {"", ".*", "^", "$", "^.*", ".*$", "^.*$", "(.*)", "^(.*)$", "[\\s\\S]*", "^[\\s\\S]*$"}


@cache
def is_found(pattern: str, name: str) -> bool:
    """Whether the pattern is found in a name; one that cannot be searched in bounded time is found in none."""
    try:
        return matches(pattern, name)
    except Irregular:
        return len(name) <= _LONGEST_NAME and re.search(pattern, name) is not None


def _of_name(node: Node, name: str) -> Iterator[Node]:
    properties = members(node.get("properties"))
    declared = name in properties
    if declared:
        yield members(properties[name])
    for pattern, one in members(node.get("patternProperties")).items():
        if is_found(pattern, name):
            declared = True
            yield members(one)
    if not declared and "additionalProperties" in node:
        yield members(node["additionalProperties"])


def _of_index(node: Node, index: int) -> Iterator[Node]:
    prefix = listed(node.get("prefixItems"))
    if index < len(prefix):
        yield members(prefix[index])
    elif "items" in node:
        yield members(node["items"])


def shapes_of(universe: Universe, nodes: Conjunction) -> list[Shape]:
    """Return shapes of which each fitting value fits at least one; raises TooManyShapes."""
    return _product(universe, nodes, frozenset())


def _product(universe: Universe, nodes: Conjunction, open_: frozenset[str]) -> list[Shape]:
    found = [Shape()]
    for node in nodes:
        parts = _of_node(universe, node, open_)
        if len(found) * len(parts) > MOST:
            raise TooManyShapes
        found = [one.with_(part) for one in found for part in parts]
        found = [one for one in found if not one.is_empty()]
    return found


def _of_node(universe: Universe, node: Node, open_: frozenset[str]) -> list[Shape]:
    rest = [(name, node) for name in _OPAQUE if name in node]
    rest = [("not", FALSE) if name == "not" and one["not"] == {} else (name, one) for name, one in rest]
    choices = [[Shape((node,), tuple(rest))]]
    reference = node.get("$ref")
    if isinstance(reference, str):
        if reference in open_:
            raise TooManyShapes
        choices.append(_product(universe, (universe.at(reference),), open_ | {reference}))
    choices += [_product(universe, (members(one),), open_) for one in listed(node.get("allOf"))]
    for name in ("anyOf", "oneOf"):
        if name in node:
            choices.append(_choice(universe, node, name, open_))
    found = [Shape()]
    for choice in choices:
        if len(found) * len(choice) > MOST:
            raise TooManyShapes
        found = [one.with_(part) for one in found for part in choice]
    return found


def _choice(universe: Universe, node: Node, name: str, open_: frozenset[str]) -> list[Shape]:
    branches = [_product(universe, (members(one),), open_) for one in listed(node[name])]
    alone = name == "anyOf" or all(
        apart(one, two, universe, open_)
        for index, first in enumerate(branches)
        for second in branches[index + 1 :]
        for one in first
        for two in second
    )
    tail = Shape() if alone else Shape((), (("oneOf", node),))
    return [one.with_(tail) for branch in branches for one in branch]


def keyword_kind(keyword: str) -> str:
    """Return the type that an opaque keyword speaks of, empty for every type."""
    return _OPAQUE.get(keyword, "")


def apart(
    one: Shape, two: Shape, universe: Universe | None = None, open_: frozenset[str] = frozenset()
) -> bool:
    """Whether plainly no value fits both shapes; those of one `universe` are looked at in their choices too."""
    both = one.with_(two)
    if both.is_empty():
        return True
    kinds = set(both.types())
    if kinds <= {"integer", "number"}:
        low, high = both.low(), both.high()
        if low.value is not None and high.value is not None:
            return low.value > high.value or (low.value == high.value and (low.exclusive or high.exclusive))
    if kinds == {"object"}:
        return any(_is_void(both.of_name(name), universe, open_) for name in both.required())
    return False


def _is_void(nodes: Conjunction, universe: Universe | None, open_: frozenset[str]) -> bool:
    """Whether plainly no value fits all nodes."""
    if Shape(nodes).is_empty() or any(node == FALSE for node in nodes):
        return True
    if universe is None or not any(name in node for node in nodes for name in _COMPOSING):
        return False
    try:
        return not _product(universe, nodes, open_)
    except TooManyShapes:
        return False


def leaves(universe: Universe, nodes: Iterable[Node], *, conditions: bool = True) -> tuple[Node, ...]:
    """Return every node that bears on the same value: through references, branches and, if asked, conditions."""
    asked = tuple(nodes)
    key = (conditions, tuple(map(id, asked)))
    if key not in universe.bearing:
        universe.bearing[key] = (asked, tuple(_bearing(universe, asked, conditions=conditions)))
    return universe.bearing[key][1]


def _bearing(universe: Universe, nodes: Conjunction, *, conditions: bool) -> Iterator[Node]:
    seen: set[int] = set()
    left = deque(nodes)
    while left:
        node = left.popleft()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if "$ref" in node:
            left.append(universe.at(str(node["$ref"])))
        for name in ("allOf", "anyOf", "oneOf"):
            if name in node:
                left += [members(one) for one in listed(node[name])]
        if conditions:
            parts = [node[name] for name in ("if", "then", "else", "not") if name in node]
            left += [members(one) for one in (*parts, *members(node.get("dependentSchemas")).values())]
