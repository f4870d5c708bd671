"""What clients that are generated from a document lose, though every message still gets through.

Generators make a type of an enumeration and a class of each branch of a union. Where a new
document has them no more, code that names them does not compile, which no message can show.
"""

from collections.abc import Iterator

from guardrails.analysis.openapi.schemas.containment import Proof
from guardrails.analysis.openapi.schemas.lost.branches import CHOICES, Branches, Breaks, matched, name_of
from guardrails.analysis.openapi.schemas.lost.loss import Loss, branch_gone
from guardrails.analysis.openapi.schemas.normal import Universe
from guardrails.analysis.openapi.schemas.shapes import Shape, TooManyShapes, leaves, shapes_of
from guardrails.analysis.openapi.values import Json, Node, listed, members, step

_DEEPEST = 12
_NAMED = 2  # of one value alone generators make a literal, not a type
_TYPED = {
    **dict.fromkeys(("int32", "int64", "float", "double"), "number"),
    **{name: name for name in ("uuid", "date", "date-time", "byte", "binary")},
}


class Losses:
    """Finds what the source names and the target does not."""

    def __init__(
        self, source: Universe, target: Universe, proof: Proof, branches: Branches, breaks: Breaks
    ) -> None:
        """Take both sides, a prover to tell which parts are equal, and what tells of branches."""
        self._source = source
        self._target = target
        self._proof = proof
        self._branches = branches
        self._breaks = breaks
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
        yield from self._choices(before, after, pointer)
        formats = [one.get("format") for one in (before, after)]
        if (
            all(isinstance(one, str) for one in formats)
            and len({_TYPED.get(str(one)) for one in formats}) > 1
        ):
            sentence = f"generated clients have another type for {formats[1]!a} than for {formats[0]!a}"
            yield Loss("generated-type", pointer, sentence)
        yield from self._inside(source, target, pointer)

    def _choices(self, before: dict[str, Json], after: dict[str, Json], pointer: str) -> Iterator[Loss]:
        for keyword in CHOICES:
            one, other = listed(before.get(keyword)), listed(after.get(keyword))
            for name in self._branches.gone(one, other):
                yield branch_gone(pointer, name)
            for branch, match in matched(one, other):
                if (name := name_of(branch)) and self._breaks(branch, match):
                    sentence = f"what is sent as {name!a} no longer fits it, though another branch takes it"
                    yield Loss("branch-narrowed", pointer, sentence)

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


def _followed(universe: Universe, node: Node) -> Node:
    for _ in range(_DEEPEST):
        reference = node.get("$ref")
        if not isinstance(reference, str) or len(node) > 1:
            break
        node = universe.at(reference)
    return node
