"""What was edited in a schema, keyword by keyword: made narrower, made wider, or neither.

This is how peers compare, and what is left where neither a proof nor a witness decides: a
keyword that only lets less through is presumed to break, one that lets more through not.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum

from guardrails.analysis.openapi.schemas.containment import Proof, followed
from guardrails.analysis.openapi.schemas.normal import UNREAD, Universe
from guardrails.analysis.openapi.values import Json, Node, canonical, listed, members, number, texts

_DEEPEST = 12
_LEAST = ("minLength", "minItems", "minProperties", "minContains", "minimum", "exclusiveMinimum")
_MOST = ("maxLength", "maxItems", "maxProperties", "maxContains", "maximum", "exclusiveMaximum")
_INNER = ("items", "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties")
_ONLY = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding", UNREAD)


class Edit(StrEnum):
    """What one edit does to the set of values that fit."""

    NARROWER = "narrower"
    WIDER = "wider"
    OTHER = "other"


_FLIPPED = {Edit.NARROWER: Edit.WIDER, Edit.WIDER: Edit.NARROWER, Edit.OTHER: Edit.OTHER}
Found = Iterator[tuple[str, Edit]]


class Edits:
    """Finds the edits that lead from a source's schema to a target's."""

    def __init__(self, source: Universe, target: Universe, proof: Proof) -> None:
        """Take both sides, and a prover to tell which parts are equal."""
        self._source = source
        self._target = target
        self._proof = proof

    def between(self, source: Node, target: Node, depth: int = 0) -> Found:
        """Yield (keyword, edit) for each edit that leads from the source's node to the target's."""
        source, target = followed(self._source, source), followed(self._target, target)
        if depth > _DEEPEST or self._proof.same(source, target):
            return
        yield from _bounds(source, target)
        yield from _lists(source, target)
        yield from self._parts(source, target, depth + 1)
        yield from self._maps(source, target, depth + 1)
        yield from self._choices(source, target, depth + 1)

    def _parts(self, source: Node, target: Node, depth: int) -> Found:
        for name in (*_INNER, "additionalProperties"):
            yield from self._part(name, source, target, depth)
        if "not" in source or "not" in target:
            found = self._part("not", source, target, depth)
            yield from ((name, _FLIPPED[edit]) for name, edit in found)
            if ("not" in source) != ("not" in target):
                yield "not", Edit.NARROWER if "not" in target else Edit.WIDER
        condition = [{name: node.get(name) for name in ("if", "then", "else")} for node in (source, target)]
        if not self._proof.same(condition[0], condition[1]):
            yield "if", Edit.OTHER if "if" in source else Edit.NARROWER

    def _part(self, name: str, source: Node, target: Node, depth: int) -> Found:
        if name in source and name in target:
            yield from self.between(members(source[name]), members(target[name]), depth)
        elif name in source or name in target:
            yield name, Edit.NARROWER if name in target else Edit.WIDER

    def _maps(self, source: Node, target: Node, depth: int) -> Found:
        for keyword in ("properties", "patternProperties", "dependentSchemas"):
            one, other = members(source.get(keyword)), members(target.get(keyword))
            for name in dict.fromkeys((*one, *other)):
                if name in one and name in other:
                    yield from self.between(members(one[name]), members(other[name]), depth)
                elif keyword != "properties":
                    yield keyword, Edit.NARROWER if name in other else Edit.WIDER

    def _choices(self, source: Node, target: Node, depth: int) -> Found:
        for keyword, gone in (
            ("anyOf", Edit.NARROWER),
            ("oneOf", Edit.NARROWER),
            ("allOf", Edit.WIDER),
            ("prefixItems", Edit.WIDER),
        ):
            lost, new = self._unmatched(listed(source.get(keyword)), listed(target.get(keyword)))
            if len(lost) == len(new):
                for one, other in zip(lost, new, strict=True):
                    yield from self.between(members(one), members(other), depth)
                continue
            was_there = keyword in source or gone is Edit.WIDER
            is_there = keyword in target or gone is Edit.WIDER
            if was_there and is_there:
                yield from ((keyword, gone) for _ in lost)
                yield from ((keyword, _FLIPPED[gone]) for _ in new)
            else:
                yield keyword, Edit.NARROWER if is_there else Edit.WIDER

    def _unmatched(self, one: list[Json], other: list[Json]) -> tuple[list[Json], list[Json]]:
        left, lost = list(other), []
        for part in one:
            index = next((at for at, two in enumerate(left) if self._proof.same(part, two)), None)
            if index is None:
                lost.append(part)
            else:
                del left[index]
        return lost, left


def _bounds(source: Node, target: Node) -> Found:
    for names, is_tighter in ((_LEAST, _is_more), (_MOST, _is_less)):
        for name in names:
            one, other = number(source.get(name)), number(target.get(name))
            if one != other:
                yield name, Edit.NARROWER if is_tighter(one, other) else Edit.WIDER


def _is_more(one: float | None, other: float | None) -> bool:
    return other is not None and (one is None or other > one)


def _is_less(one: float | None, other: float | None) -> bool:
    return other is not None and (one is None or other < one)


def _lists(source: Node, target: Node) -> Found:
    for name in _ONLY:
        if canonical(source.get(name)) != canonical(target.get(name)):
            yield name, Edit.WIDER if name not in target else Edit.NARROWER
    for name in ("type", "enum"):
        yield from _values(name, source, target, canonical)
    needed, wanted = set(texts(source.get("required"))), set(texts(target.get("required")))
    yield from (("required", Edit.NARROWER) for _ in wanted - needed)
    yield from (("required", Edit.WIDER) for _ in needed - wanted)
    before, after = (members(node.get("dependentRequired")) for node in (source, target))
    for name in dict.fromkeys((*before, *after)):
        one, other = set(texts(before.get(name))), set(texts(after.get(name)))
        if one != other:
            yield "dependentRequired", Edit.NARROWER if other - one else Edit.WIDER


def _values(name: str, source: Node, target: Node, written: Callable[[Json], str]) -> Found:
    if name not in source and name not in target:
        return
    if name not in source or name not in target:
        yield name, Edit.NARROWER if name in target else Edit.WIDER
        return
    one, other = (
        {written(value) for value in listed(source[name])},
        {written(value) for value in listed(target[name])},
    )
    if name == "type" and canonical("number") in other:
        one.discard(canonical("integer"))
    if one - other:
        yield name, Edit.NARROWER
    if other - one:
        yield name, Edit.WIDER
