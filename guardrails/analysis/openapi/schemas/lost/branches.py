"""The named branches of a choice: those that go, and those that no longer take what they took.

A generator makes a class of each branch, and a choice is what takes an object of one of these classes.
Another branch that happens to take the same message does not give the class back to who names it.
"""

from collections.abc import Callable, Iterator

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.schemas.containment import Proof
from guardrails.analysis.openapi.schemas.normal import Universe
from guardrails.analysis.openapi.values import Json, listed, members

CHOICES = ("anyOf", "oneOf")
_Pair = tuple[Json, Json]


class Branches:
    """Compares the branches of choices by name."""

    def __init__(self, source: Universe, target: Universe, proof: Proof) -> None:
        """Take both sides, and a prover to tell which branches are equal."""
        self._source = source
        self._target = target
        self._proof = proof

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
