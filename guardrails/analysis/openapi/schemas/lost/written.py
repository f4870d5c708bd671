"""What two schemas say in writing beside the messages: how classes are told apart, and which values are known.

No validator reads a discriminator, the kinds below it, or a list of extensible values, so that schemas which
differ there alone are equal to it; who writes and reads messages by them is not.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.schemas.lost.branches import CHOICES, Branches, Breaks, matched
from guardrails.analysis.openapi.schemas.lost.kinds import Kinds, property_of
from guardrails.analysis.openapi.schemas.lost.loss import Loss, branch_gone
from guardrails.analysis.openapi.values import Json, listed, members, step, texts

_DEEPEST = 12
_CONTENT = "contentSchema"
_EXTENSIBLE = "x-extensible-enum"
_Pair = tuple[Json, Json]
_Node = dict[str, Json]


class Written:
    """Walks two schemas side by side as they are written."""

    def __init__(self, source: Document, target: Document, branches: Branches, breaks: Breaks) -> None:
        """Take both documents, and what tells of branches and of breaks between definitions."""
        self._source = source
        self._target = target
        self._branches = branches
        self._breaks = breaks
        self._kinds = Kinds(source), Kinds(target)
        self._clean: set[tuple[int, int]] = set()

    def losses(self, source: Json, target: Json) -> list[Loss]:
        """Return what is lost on the way from the source's schema to the target's."""
        seen: set[tuple[int, int]] = set()
        pairs = side_by_side((self._source, self._target), (source, target), seen, self._clean)
        found = [loss for one, other, pointer in pairs for loss in self._of(one, other, pointer)]
        if not found:
            self._clean |= seen
        return found

    def _of(self, one: _Node, other: _Node, pointer: str) -> Iterator[Loss]:
        for keyword in CHOICES:
            if keyword in one and keyword in other:
                names = self._branches.gone(listed(one[keyword]), listed(other[keyword]))
                yield from (branch_gone(pointer, name) for name in names)
        if _EXTENSIBLE in one and _EXTENSIBLE in other:
            for value in sorted(set(texts(one[_EXTENSIBLE])) - set(texts(other[_EXTENSIBLE]))):
                yield Loss("extensible-value", pointer, f"{value!a} is gone from the values that are known")
        if _CONTENT in one and _CONTENT in other and self._breaks(one[_CONTENT], other[_CONTENT]):
            yield Loss("content-narrowed", pointer, "what the text holds no longer fits its `contentSchema`")
        if "discriminator" not in one and "discriminator" not in other:
            return
        if property_of(one) != property_of(other):
            yield Loss("discriminator", pointer, "generated clients choose classes by another discriminator")
        elif property_of(one) is not None and not any(keyword in one for keyword in CHOICES):
            yield from self._of_kinds(one, other, pointer)

    def _of_kinds(self, one: _Node, other: _Node, pointer: str) -> Iterator[Loss]:
        known = self._kinds[1].of(other)
        for value, kind in self._kinds[0].of(one).items():
            if value not in known:
                yield Loss(
                    "discriminator", pointer, f"{value!a} is sent as a kind that the reader does not know"
                )
            elif self._breaks(kind, known[value]):
                yield Loss("kind-narrowed", pointer, f"what is sent as the kind {value!a} no longer fits it")


def side_by_side(
    documents: tuple[Document, Document],
    schemas: _Pair,
    seen: set[tuple[int, int]],
    clean: AbstractSet[tuple[int, int]] = frozenset(),
) -> Iterator[tuple[_Node, _Node, str]]:
    """Yield (source, target, pointer) of the schemas that stand at the same place, references followed.

    Pairs are noted in `seen` by their ids and come once; what is in `clean` is left out with its parts.
    """
    left: list[tuple[_Pair, str]] = [(schemas, "")]
    while left:
        pair, pointer = left.pop()
        first, second = (document.resolved(one) for document, one in zip(documents, pair, strict=True))
        key = (id(first), id(second))
        if key in seen or key in clean or pointer.count("/") > _DEEPEST:
            continue
        seen.add(key)
        yield first, second, pointer
        left += [(inner, step(pointer, *name)) for inner, *name in _parts(first, second)]


def _parts(one: _Node, other: _Node) -> Iterator[tuple[_Pair, str] | tuple[_Pair]]:
    """Yield the parts of two schemas that stand at the same place, with the name of the place."""
    declared = members(other.get("properties"))
    for name, part in members(one.get("properties")).items():
        if name in declared:
            yield (part, declared[name]), name
    for keyword, name in (("items", "0"), ("additionalProperties", "*")):
        if isinstance(one.get(keyword), dict) and isinstance(other.get(keyword), dict):
            yield (one[keyword], other[keyword]), name
    for keyword in ("allOf", *CHOICES):
        if keyword not in one or keyword not in other:
            continue
        yield from ((pair,) for pair in matched(listed(one.get(keyword)), listed(other.get(keyword))))
