"""Links of answers: which operation comes next, and which of its inputs the answer holds.

No message breaks where a link goes, as a link only tells what is so anyway: its operation and the
values that it takes are compared where they stand. Whoever was generated to follow it loses the way,
which a document cannot weigh.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from urllib.parse import unquote

from guardrails.analysis.openapi.difference import Difference, Direction, Level
from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import Operation, by_operation_id, matching_status, operations_of
from guardrails.analysis.openapi.slots import Place
from guardrails.analysis.openapi.values import Json, canonical, equal, members, step

_NOTHING: Json = None


class Links:
    """Compares the links of two documents, each by the operation that it leads to."""

    def __init__(self, base: Document, head: Document) -> None:
        """Take both documents; their operations are listed when the first link is met."""
        self._documents = (base, head)

    def of(self, place: Place) -> Iterator[Difference]:
        """Yield the differences of the links of one operation's answers."""
        before, after = place.base.responses(), place.head.responses()
        for status, response in before.items():
            match = matching_status(status, after)
            links = members(response.get("links"))
            if match is None or not links:
                continue
            kept = members(after[match].get("links"))
            for name, raw in links.items():
                pointer = step(place.head.pointer, "responses", match, "links", name)
                for rule, sentence in self._of_link(raw, kept.get(name)):
                    message = f"link {name!a} of status {status!a} {sentence}"
                    yield place.difference(Level.UNKNOWN, rule, Direction.RESPONSE, message, pointer)

    def _of_link(self, base: Json, head: Json) -> Iterator[tuple[str, str]]:
        """Yield (rule, sentence) for each thing that a link no longer says as it did."""
        if head is None:
            yield "link-removed", "is gone"
            return
        one, other = (
            document.resolved(raw) for document, raw in zip(self._documents, (base, head), strict=True)
        )
        targets = self._target(0, one), self._target(1, other)
        keys = [found.key if isinstance(found, Operation) else (found,) for found in targets]
        if keys[0] != keys[1]:
            yield "link-target", f"now leads to {_told(targets[1])}, was {_told(targets[0])}"
            return
        before, after = (_inputs(target, link) for target, link in zip(targets, (one, other), strict=True))
        for key, (name, value) in before.items():
            _, filled = after.get(key, ("", _NOTHING))
            if not equal(value, filled):
                yield "link-input", f"now fills {name!a} with {canonical(filled)}, was {canonical(value)}"
        if not equal(one.get("server"), other.get("server")):
            yield "link-target", "now leads to another server"

    def _target(self, side: int, link: Mapping[str, Json]) -> Operation | str:
        """Return the operation that a link leads to, else what it says of it."""
        name, reference = link.get("operationId"), link.get("operationRef")
        if isinstance(name, str):
            return self._named[side].get(name, name)
        if not isinstance(reference, str):
            return ""
        return self._placed[side].get(unquote(reference), reference)

    @cached_property
    def _named(self) -> list[dict[str, Operation]]:
        return [by_operation_id(operations) for operations in self._operations]

    @cached_property
    def _placed(self) -> list[dict[str, Operation]]:
        return [{f"#{unquote(one.pointer)}": one for one in operations} for operations in self._operations]

    @cached_property
    def _operations(self) -> list[list[Operation]]:
        return [list(operations_of(document)) for document in self._documents]


def _told(target: Operation | str) -> str:
    if isinstance(target, Operation):
        return f"{target.method.upper()} {ascii(target.path)[1:-1]}"
    return ascii(target) if target else "no operation"


def _inputs(target: Operation | str, link: Mapping[str, Json]) -> dict[tuple[str, str], tuple[str, Json]]:
    """Return (name, value) of what a link fills, by what aligns it with the other document."""
    known = target.parameters() if isinstance(target, Operation) else {}
    keys = {one.name: key for key, one in known.items()}
    keys |= {f"{one.place}.{one.name}": key for key, one in known.items()}
    found = {
        keys.get(name, ("", name)): (name, value) for name, value in members(link.get("parameters")).items()
    }
    if "requestBody" in link:
        found["body", ""] = ("the body", link["requestBody"])
    return found
