"""Proves containment by refutation: that no value fits the source and fails the target.

The first prover compares shape with shape and cannot see that several shapes together cover one,
or that a negation says what a keyword says. This one takes the source and the negated target
apart, case by case (a tableau; Smullyan, 1968), and holds only where every case contradicts
itself. Values are finite, so a question that comes back inside a value may be assumed answered.
"""

from collections.abc import Callable, Iterator
from functools import cache

from guardrails.analysis.openapi.schemas.automata import common
from guardrails.analysis.openapi.schemas.containment import is_unspoken
from guardrails.analysis.openapi.schemas.normal import FALSE, Universe
from guardrails.analysis.openapi.schemas.patterns import Irregular
from guardrails.analysis.openapi.schemas.shapes import Shape, leaves
from guardrails.analysis.openapi.schemas.tableau.cases import (
    Alternative,
    Literal,
    Part,
    Value,
    choices_of,
    excluded_texts,
    fails,
    fits,
    names_alike,
    numbers_clash,
    stripped,
    violations_of,
)
from guardrails.analysis.openapi.schemas.tableau.undeclared import (
    cases_of,
    concerns,
    failing_part,
    of_name,
    of_undeclared,
)
from guardrails.analysis.openapi.values import Json, Node, count, kind_of, listed, members, texts

_BUDGET = 400
_DEEPEST = 14
_MOST_PLACES = 24
_FINITE: dict[str, list[Json]] = {"null": [None], "boolean": [True, False]}
Accepts = Callable[[tuple[Node, ...], Json], bool]
SameRest = Callable[[str, Node, Node], bool]


class _Exhausted(Exception):
    """The budget of steps is spent."""


class Refutation:
    """Refutes that some value fits source nodes and fails target nodes."""

    def __init__(
        self, universes: tuple[Universe, Universe], accepts: tuple[Accepts, Accepts], same: SameRest
    ) -> None:
        """Take both sides, what each accepts, and whether two keywords without a rule say the same."""
        self._universes = universes
        self._accepts = accepts
        self._same = same
        self._open: set[frozenset[tuple[int, bool, int]]] = set()
        self._failed: set[frozenset[tuple[int, bool, int]]] = set()
        self._kept: list[object] = []
        self._left = _BUDGET

    def holds(self, source: Node, target: Node) -> bool:
        """Whether every value that fits the source provably fits the target."""
        self._left = _BUDGET
        return self._answer([fits(0, source), fails(1, target)])

    def is_void(self, source: Node) -> bool:
        """Whether provably nothing fits the source, so that containment in it or of it says nothing."""
        self._left = _BUDGET
        return self._answer([fits(0, source)])

    def _answer(self, parts: list[Part]) -> bool:
        self._open.clear()
        try:
            return self._refuted(parts)
        except (_Exhausted, RecursionError):
            return False

    def _refuted(self, parts: list[Part]) -> bool:
        """Whether nothing fits all the parts."""
        asked = tuple(stripped(one, self._universes[one.side]) for one in parts)
        asked = tuple(one for one in asked if one.node or not one.holds)
        if any(not one.holds and not one.node for one in asked):
            return True
        key = frozenset((one.side, one.holds, id(one.node)) for one in asked)
        if key in self._open:
            return True
        if not asked or key in self._failed or len(self._open) > _DEEPEST:
            return False
        self._open.add(key)
        self._kept.append(asked)
        found = self._closed(Value(asked), list(asked), [], set())
        self._open.discard(key)
        if not found:
            self._failed.add(key)
        return found

    def _closed(
        self, value: Value, todo: Alternative, splits: list[list[Alternative]], seen: set[tuple[bool, int]]
    ) -> bool:
        self._left -= 1
        if self._left < 0:
            raise _Exhausted
        while todo:
            one = todo.pop()
            if isinstance(one, Literal):
                value.literals.append(one)
            elif (one.holds, id(one.node)) not in seen:
                seen.add((one.holds, id(one.node)))
                self._kept.append(one)
                self._take(one, value, todo, splits)
        if self._clashes(value):
            return True
        if not splits:
            return False
        best = min(range(len(splits)), key=lambda index: len(splits[index]))
        rest = [one for index, one in enumerate(splits) if index != best]
        return all(self._closed(value.copy(), list(one), list(rest), set(seen)) for one in splits[best])

    def _take(self, part: Part, value: Value, todo: Alternative, splits: list[list[Alternative]]) -> None:
        side, node = part.side, part.node
        if not part.holds:
            splits.append(violations_of(part, self._universes[side]))
            return
        value.plain[side].append(node)
        if "$ref" in node:
            todo.append(fits(side, self._universes[side].at(str(node["$ref"]))))
        todo += [fits(side, members(one)) for one in listed(node.get("allOf"))]
        if "not" in node:
            todo.append(fails(side, members(node["not"])))
        splits += choices_of(part)

    def _clashes(self, value: Value) -> bool:
        if any(self._is_said(value, one) for one in value.named("opaque")):
            return True
        shape = Shape(tuple(value.nodes))
        return all(self._kind_clashes(kind, shape, value) for kind in shape.types())

    def _is_said(self, value: Value, literal: Literal) -> bool:
        name = str(literal.value)
        if literal.side == 1 and any(
            name in node and self._same(name, node, literal.node) for node in value.plain[0]
        ):
            return True
        if name != "unevaluatedProperties":
            return False
        held = {id(node) for node in value.plain[literal.side]}
        known = {key for node in self._evaluated(literal, held) for key in members(node.get("properties"))}
        names = self._closed_names(value)
        return names is not None and all(one in known or self._is_impossible(value, one) for one in names)

    def _evaluated(self, literal: Literal, held: set[int]) -> list[Node]:
        """Return the nodes whose properties a node with unevaluated ones has evaluated: those known to be `held`."""
        found: list[Node] = []
        left = [literal.node]
        while left and len(found) < _MOST_PLACES:
            node = left.pop()
            found.append(node)
            left += [members(one) for one in listed(node.get("allOf"))]
            chosen = (*listed(node.get("anyOf")), *listed(node.get("oneOf")))
            left += [members(one) for one in chosen if id(one) in held]
            if "$ref" in node:
                left.append(self._universes[literal.side].at(str(node["$ref"])))
        return found

    def _closed_names(self, value: Value) -> set[str] | None:
        """Return the names that a property can have, None for any."""
        closed: list[set[str]] = []
        for side, nodes in enumerate(value.plain):
            for node in nodes:
                if node.get("additionalProperties") == FALSE and not members(node.get("patternProperties")):
                    closed.append(set(members(node.get("properties"))))
                elif node.get("unevaluatedProperties") == FALSE:
                    inner = leaves(self._universes[side], [node])
                    loose = ("patternProperties", "additionalProperties", "unevaluatedProperties")
                    if not any(name in one for one in inner if one is not node for name in loose):
                        closed.append({name for one in inner for name in members(one.get("properties"))})
                if "enum" in (named := members(node.get("propertyNames"))):
                    closed.append(set(texts(named["enum"])))
        return set.intersection(*closed) if closed else None

    def _kind_clashes(self, kind: str, shape: Shape, value: Value) -> bool:
        finite = shape.values()
        if finite is None:
            finite = _FINITE.get(kind) or (shape.span() if kind == "integer" else None)
        if finite is not None:
            return all(self._is_refused(value.asked, one) for one in finite if _is_kind(one, kind))
        if kind in {"integer", "number"}:
            multiples = shape.numbers("multipleOf") + ([1] if kind == "integer" else [])
            return numbers_clash(value.literals, multiples) or _is_void(shape)
        if kind == "string":
            return _strings_clash(shape, value)
        return self._arrays_clash(shape, value) if kind == "array" else self._objects_clash(shape, value)

    def _is_refused(self, asked: tuple[Part, ...], one: Json) -> bool:
        return any(self._accepts[part.side]((part.node,), one) is not part.holds for part in asked)

    def _arrays_clash(self, shape: Shape, value: Value) -> bool:
        least, most = int(shape.least("minItems")), shape.most("maxItems")
        contained = list(_contained(value))
        least = max([least, *(fewest for _, fewest, _ in contained)])
        unique = any("uniqueItems" in node for node in shape.plain)
        if least > most or (unique and any(value.named("repeats"))):
            return True
        last = min(shape.places(), _MOST_PLACES)
        if any(self._refuted(value.at(index)) for index in range(min(least, last + 1))):
            return True
        places = [index for index in range(last + 1) if index < most]
        for wanted, fewest, _ in contained:
            if fewest and all(self._refuted([*value.at(index), wanted]) for index in places):
                return True
        return any(self._items_clash(value, one, last, least, most) for one in value.literals)

    def _items_clash(self, value: Value, one: Literal, last: int, least: int, most: float) -> bool:
        failing = fails(one.side, one.node)
        first = one.value if isinstance(one.value, int) else 0
        if one.name == "some-item":
            places = range(first, max(last, first) + 1)
            return all(index >= most or self._refuted([*value.at(index), failing]) for index in places)
        if one.name == "few":
            forced = range(min(least, _MOST_PLACES))
            certain = sum(self._refuted([*value.at(index), failing]) for index in forced)
            return certain >= first or any(
                fewest >= first and self._refuted([inner, failing]) for inner, fewest, _ in _contained(value)
            )
        if one.name == "many":
            fitting = fits(one.side, one.node)
            return most <= first or any(
                highest is not None
                and highest <= first
                and self._refuted([fitting, fails(inner.side, inner.node)])
                for inner, _, highest in _contained(value)
            )
        return False

    def _objects_clash(self, shape: Shape, value: Value) -> bool:
        required = shape.required()
        names = self._closed_names(value)
        least = max(int(shape.least("minProperties")), len(required))
        if any(one.name.startswith("some-") for one in value.literals):
            least = max(least, 1)
        most = shape.most("maxProperties")
        if names is not None:
            if required - names:
                return True
            if least > 0:
                most = min(most, sum(not self._is_impossible(value, one) for one in names))
        if least > most or any(self._is_impossible(value, one) for one in required):
            return True
        return any(self._names_clash(value, one, names) for one in value.literals)

    def _is_impossible(self, value: Value, name: str) -> bool:
        """Whether no property of that name can stand there, or none would be sent with a meaning."""
        return self._is_unsendable(value, name) or self._refuted(value.at(name))

    def _is_unsendable(self, value: Value, name: str) -> bool:
        """Whether no property can have the name, or none of that name would be sent with a meaning."""
        return self._is_unspoken(value, name) or not all(
            self._accepts[side]((members(node["propertyNames"]),), name)
            for side, nodes in enumerate(value.plain)
            for node in nodes
            if "propertyNames" in node
        )

    def _is_unspoken(self, value: Value, name: str) -> bool:
        """Whether only the target declares the name; what the source does not declare is not sent."""
        sources = [one.node for one in value.asked if one.side == 0]
        if not any(one.side == 0 and one.holds for one in value.asked):
            return False
        shape = Shape(tuple(leaves(self._universes[0], sources)))
        if not is_unspoken(shape, name):
            return False
        targets = [one.node for one in value.asked if one.side == 1]
        return Shape(tuple(leaves(self._universes[1], targets, conditions=False))).declares(name)

    def _names_clash(self, value: Value, one: Literal, closed: set[str] | None) -> bool:
        if not one.name.startswith("some-") or one.name == "some-item":
            return False
        failing = failing_part(one)
        known = closed
        if known is None:
            known = {name for node in value.nodes for name in members(node.get("properties"))}
        for name in sorted(known):
            if concerns(one, name) and not self._is_name_refuted(value, one, name, failing):
                return False
        return closed is not None or all(
            self._is_case_refuted(value, one, pattern, failing) for pattern in cases_of(value, one)
        )

    def _is_name_refuted(self, value: Value, one: Literal, name: str, failing: Part | None) -> bool:
        if failing is None:
            return self._accepts[one.side]((one.node,), name) or self._is_impossible(value, name)
        return self._is_unsendable(value, name) or self._refuted([*value.at(name), failing])

    def _is_case_refuted(self, value: Value, one: Literal, pattern: str | None, failing: Part | None) -> bool:
        """Whether no undeclared name, of that pattern or of none, can be what the literal says."""
        parts = [
            fits(side, part)
            for side, nodes in enumerate(value.plain)
            for node in nodes
            for part in of_undeclared(node, pattern, one.name == "some-matching")
        ]
        if any(part.node == FALSE for part in parts):
            return True
        if failing is not None and parts and self._refuted([*parts, failing]):
            return True
        return self._refuted(of_name(value, one, pattern))


def _contained(value: Value) -> Iterator[tuple[Part, int, int | None]]:
    """Yield what items are counted, with the least and the greatest number of them."""
    for side, nodes in enumerate(value.plain):
        for node in nodes:
            if "contains" in node:
                fewest = count(node.get("minContains", 1)) or 0
                yield fits(side, members(node["contains"])), fewest, count(node.get("maxContains"))


def _is_kind(value: Json, kind: str) -> bool:
    found = kind_of(value)
    return found == kind or (kind == "number" and found == "integer")


def _is_void(shape: Shape) -> bool:
    low, high = shape.low(), shape.high()
    if low.value is None or high.value is None:
        return False
    if low.value == high.value:
        return low.exclusive or high.exclusive
    return low.value > high.value


def _strings_clash(shape: Shape, value: Value) -> bool:
    least, most = shape.least("minLength"), shape.most("maxLength")
    if least > most or any(
        names_alike(value.literals, value.nodes, name) for name in ("format", "contentEncoding")
    ):
        return True
    unwanted = excluded_texts(value.literals)
    wanted = sorted(shape.patterns())
    if not unwanted and not wanted:
        return False
    return _is_none(tuple(wanted), tuple(unwanted), int(least), most)


@cache
def _is_none(wanted: tuple[str, ...], unwanted: tuple[str, ...], least: int, most: float) -> bool:
    try:
        return common(wanted, unwanted) is None or common(wanted, unwanted, least, most) is None
    except Irregular:
        return False
