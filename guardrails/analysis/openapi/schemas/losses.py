"""What clients that are generated from a document lose, though every message still gets through.

Generators make a type of an enumeration and a class of each branch of a union. Where a new
document has them no more, code that names them does not compile, which no message can show.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from guardrails.analysis.openapi.schemas.containment import Proof
from guardrails.analysis.openapi.schemas.normal import Universe
from guardrails.analysis.openapi.schemas.shapes import Shape, TooManyShapes, leaves, shapes_of
from guardrails.analysis.openapi.values import Json, Node, listed, members, step

_DEEPEST = 12
_NAMED = 2  # of one value alone generators make a literal, not a type


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that is lost: the kind of difference, where in the message, and what as a sentence.

    A discriminator is no loss to who sends; who reads chooses its classes by it.
    """

    rule: str
    pointer: str
    sentence: str


class Losses:
    """Finds what the source names and the target does not."""

    def __init__(self, source: Universe, target: Universe, proof: Proof) -> None:
        """Take both sides, and a prover to tell which parts are equal."""
        self._source = source
        self._target = target
        self._proof = proof
        self._seen: set[tuple[int, int]] = set()

    def between(self, source: Node, target: Node, pointer: str = "") -> Iterator[Loss]:
        """Yield what is lost on the way from the source's node to the target's."""
        source, target = _followed(self._source, source), _followed(self._target, target)
        key = (id(source), id(target))
        if key in self._seen or pointer.count("/") > _DEEPEST or self._proof.same(source, target):
            return
        self._seen.add(key)
        named = [
            one
            for one in listed(source.get("enum"))
            if isinstance(one, str | int) and not isinstance(one, bool)
        ]
        if len(named) >= _NAMED and self._is_open(target):
            sentence = "an enumeration is gone, and clients generated with it lose its names"
            yield Loss("enumeration-gone", pointer, sentence)
        before, after = self._written(self._source, source), self._written(self._target, target)
        yield from (
            Loss(
                "branch-gone",
                pointer,
                f"{name!a} is gone from the choice, and generated clients lose its class",
            )
            for keyword in ("anyOf", "oneOf")
            for name in self._branches_gone(listed(before.get(keyword)), listed(after.get(keyword)))
        )
        if _property_of(before) != _property_of(after):
            yield Loss("discriminator", pointer, "generated clients choose classes by another discriminator")
        yield from self._inside(source, target, pointer)

    def _inside(self, source: Node, target: Node, pointer: str) -> Iterator[Loss]:
        sent, taken = (
            Shape(tuple(leaves(self._source, [source]))),
            Shape(tuple(leaves(self._target, [target]))),
        )
        for name in sent.names():
            for one, other in zip(sent.of_name(name)[:1], taken.of_name(name)[:1], strict=False):
                yield from self.between(one, other, step(pointer, name))
        for one, other in zip(sent.of_index(0)[:1], taken.of_index(0)[:1], strict=False):
            yield from self.between(one, other, step(pointer, "0"))
        for one, other in zip(sent.of_others()[:1], taken.of_others()[:1], strict=False):
            yield from self.between(one, other, step(pointer, "*"))

    def _is_open(self, target: Node) -> bool:
        """Whether the target lists no values, nor takes few that a pattern or a range tells."""
        try:
            shapes = shapes_of(self._target, (target,))
        except TooManyShapes:
            return False
        listed_ = any(one.values() is not None or one.span() is not None or one.patterns() for one in shapes)
        return bool(shapes) and not listed_

    def _written(self, universe: Universe, node: Node) -> dict[str, Json]:
        return members(universe.written(node))

    def _branches_gone(self, before: list[Json], after: list[Json]) -> list[str]:
        """Return the names of the branches that a choice lost by becoming shorter."""
        kept = {name for one in after if (name := _name_of(one))}
        left = [one for one in after if _name_of(one) not in {_name_of(two) for two in before} - {""}]
        lost = []
        for one in before:
            if _name_of(one) in kept:
                continue
            node = self._source.node(one)
            index = next(
                (at for at, two in enumerate(left) if self._proof.same(node, self._target.node(two))), None
            )
            if index is None:
                lost.append(_name_of(one))
            else:
                del left[index]
        return [name for name in lost if name] if after and len(left) < len(lost) else []


def _name_of(branch: Json) -> str:
    reference = members(branch).get("$ref")
    return reference.rpartition("/")[2] if isinstance(reference, str) else ""


def _property_of(schema: dict[str, Json]) -> Json:
    return members(schema.get("discriminator")).get("propertyName")


def _followed(universe: Universe, node: Node) -> Node:
    for _ in range(_DEEPEST):
        reference = node.get("$ref")
        if not isinstance(reference, str) or len(node) > 1:
            break
        node = universe.at(reference)
    return node
