"""The named branches of a choice: those that go, and those that no longer take what they took.

A generator makes a class of each branch, and a choice is what takes an object of one of these classes.
Another branch that happens to take the same message does not give the class back to who names it.
"""

from collections.abc import Callable, Iterator

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.schemas.containment import Proof
from guardrails.analysis.openapi.schemas.normal import Universe
from guardrails.analysis.openapi.values import Json, listed, members, step

CHOICES = ("anyOf", "oneOf")
_DEEPEST = 12
_Pair = tuple[Json, Json]


class Branches:
    """Compares the branches of choices by name."""

    def __init__(self, source: Universe, target: Universe, proof: Proof) -> None:
        """Take both sides, and a prover to tell which branches are equal."""
        self._source = source
        self._target = target
        self._proof = proof
        self._clean: set[tuple[int, int]] = set()

    def gone(self, before: list[Json], after: list[Json]) -> list[str]:
        """Return the names of the branches that a choice lost.

        One that only has another name now, or none, is not lost; one that still is a definition of its
        own was not renamed.
        """
        kept = {name for one in after for name in _names_within(self._target.document, one)}
        left = [one for one in after if name_of(one) not in {name_of(two) for two in before} - {""}]
        lost = [one for one in before if name_of(one) not in kept]
        displaced = [name for one in lost if (name := name_of(one)) and self._is_displaced(one, after)]
        unmatched = [one for one in lost if not self._take(one, left)]
        shorter = [name for one in unmatched if (name := name_of(one))] if len(left) < len(unmatched) else []
        return list(dict.fromkeys((*displaced, *shorter))) if after else []

    def _take(self, one: Json, left: list[Json]) -> bool:
        """Take the branch out of those left that is equal to one, and tell whether there was any."""
        node = self._source.node(one)
        index = next(
            (at for at, two in enumerate(left) if self._proof.same(node, self._target.node(two))), None
        )
        if index is not None:
            del left[index]
        return index is not None

    def _is_displaced(self, one: Json, after: list[Json]) -> bool:
        """Whether a branch still is a definition of its own, and no unnamed branch is its copy."""
        node = self._source.node(one)
        copied = any(not name_of(two) and self._proof.same(node, self._target.node(two)) for two in after)
        schemas = members(members(self._target.document.root.get("components")).get("schemas"))
        return name_of(one) in schemas and not copied

    def displaced(self, source: Json, target: Json) -> Iterator[tuple[str, str]]:
        """Yield (pointer, name) of branches that schemas lost which take the same messages."""
        found = []
        seen: set[tuple[int, int]] = set()
        left: list[tuple[_Pair, str]] = [((source, target), "")]
        while left:
            (one, other), pointer = left.pop()
            first, second = self._source.document.resolved(one), self._target.document.resolved(other)
            key = (id(first), id(second))
            if key in seen or key in self._clean or pointer.count("/") > _DEEPEST:
                continue
            seen.add(key)
            for keyword in CHOICES:
                names = self.gone(listed(first.get(keyword)), listed(second.get(keyword)))
                found += [(pointer, name) for name in names]
            left += [(pair, step(pointer, *name)) for pair, *name in _parts(first, second)]
        if not found:
            self._clean |= seen
        yield from found


def _parts(one: dict[str, Json], other: dict[str, Json]) -> Iterator[tuple[_Pair, str] | tuple[_Pair]]:
    """Yield the parts of two schemas that stand at the same place, with the name of the place."""
    declared = members(other.get("properties"))
    for name, part in members(one.get("properties")).items():
        if name in declared:
            yield (part, declared[name]), name
    for keyword, name in (("items", "0"), ("additionalProperties", "*")):
        if isinstance(one.get(keyword), dict) and isinstance(other.get(keyword), dict):
            yield (one[keyword], other[keyword]), name
    for keyword in ("allOf", *CHOICES):
        yield from ((pair,) for pair in matched(listed(one.get(keyword)), listed(other.get(keyword))))


def matched(before: list[Json], after: list[Json]) -> list[_Pair]:
    """Return the branches that have the same name, and where there are as many, those of the same place."""
    named = {name: one for one in after if (name := name_of(one))}
    pairs: list[_Pair] = [(one, named[name]) for one in before if (name := name_of(one)) in named]
    if len(before) == len(after):
        unnamed = zip(before, after, strict=True)
        pairs += [(one, two) for one, two in unnamed if not name_of(one) and not name_of(two)]
    return pairs


def _names_within(document: Document, branch: Json) -> Iterator[str]:
    """Yield the name of a branch, and those of the branches that it is a choice of."""
    left, seen = [branch], set[str]()
    while left:
        one = left.pop()
        name = name_of(one)
        if name in seen:
            continue
        if name:
            seen.add(name)
            yield name
        inner = document.resolved(one)
        left += [part for keyword in CHOICES for part in listed(inner.get(keyword))]


def name_of(branch: Json) -> str:
    """Return the name of the definition that a branch refers to, empty for one written in place."""
    reference = members(branch).get("$ref")
    return reference.rpartition("/")[2] if isinstance(reference, str) else ""


Breaks = Callable[[Json, Json], bool]
"""Whether a schema of the source provably sends what a schema of the target refuses."""
