"""Request bodies and responses of one operation: media types, statuses, headers, schemas."""

from collections.abc import Iterator, Mapping

from guardrails.analysis.openapi.difference import Difference, Direction, Level, Proof
from guardrails.analysis.openapi.media import (
    FORMS,
    content_of,
    covered,
    covering,
    encodings,
    repacked,
    schema_of,
)
from guardrails.analysis.openapi.operations import Operation, Parameter, matching_status
from guardrails.analysis.openapi.parameters import compared as compared_parameters
from guardrails.analysis.openapi.parameters import restyled, sample
from guardrails.analysis.openapi.schemas.defaults import Defaults, told
from guardrails.analysis.openapi.schemas.lost.markup import is_xml, rewritten
from guardrails.analysis.openapi.schemas.search import Comparison
from guardrails.analysis.openapi.slots import Place, Slot
from guardrails.analysis.openapi.values import Json, members, step

_Content = Mapping[str, dict[str, Json]]
_Responses = Mapping[str, dict[str, Json]]


class Bodies:
    """The messages of one operation in both documents."""

    def __init__(
        self, place: Place, requests: Comparison, responses: Comparison, *, client_sends: bool
    ) -> None:
        """Take the operation, the comparisons for its two messages, and who sends the request."""
        self._place = place
        self._requests = requests
        self._responses = responses
        self._client_sends = client_sends

    def of_request(self) -> Iterator[Difference]:
        """Yield the differences of the request body."""
        base, head = self._place.base.body(), self._place.head.body()
        yield from self._presence(base, head)
        if base and head:
            pointer = step(self._place.head.pointer, "requestBody")
            before, after = content_of(base), content_of(head)
            yield from self._contents(before, after, pointer, Direction.REQUEST, self._client_sends)

    def _presence(self, base: dict[str, Json], head: dict[str, Json]) -> Iterator[Difference]:
        needed, wanted = base.get("required") is True, head.get("required") is True
        pointer = step(self._place.head.pointer if head else self._place.base.pointer, "requestBody")
        proof = Proof("body", None, "left out")
        message, level = "", Level.BREAKING
        witness: Proof | None = proof
        if self._client_sends and wanted and not needed:
            message = "the request body " + ("became required" if base else "is new and required")
        elif base and not head:
            message, witness = "the request body is gone", self._whole(base)
        elif not self._client_sends and needed and not wanted:
            message = "the request body became optional"
        elif bool(base) != bool(head) or needed != wanted:
            message, level, witness = "the request body is no longer required", Level.SAFE, None
            message = "an optional request body is new" if not base else message
        if message:
            yield self._place.difference(
                level, "request-body", Direction.REQUEST, message, pointer, witness=witness
            )

    def _whole(self, base: dict[str, Json]) -> Proof | None:
        """Return a body as base takes it, where a client sends it, else that none comes any more."""
        if not self._client_sends:
            return Proof("body", None, "left out") if base.get("required") is True else None
        schemas = [schema_of(one) for one in content_of(base).values()]
        return Proof("body", sample(schemas[0], self._requests)) if schemas else None

    def _contents(
        self, before: _Content, after: _Content, pointer: str, direction: Direction, client_sends: bool
    ) -> Iterator[Difference]:
        comparison = self._requests if direction is Direction.REQUEST else self._responses
        negotiated = self._client_sends and direction is Direction.RESPONSE
        for name, media in before.items() if client_sends or negotiated else ():
            match = covering(name, after) if client_sends else covered(name, after)
            place = step(pointer, "content", match or name)
            if match is None:
                message = (
                    f"the {direction} body is no longer {'taken' if client_sends else 'sent'} as {name!a}"
                )
                yield self._place.difference(
                    Level.BREAKING,
                    "media-type-removed",
                    direction,
                    message,
                    place,
                    witness=Proof("media type", name),
                )
                continue
            yield from self._media(media, after[match], place, direction, name, comparison, client_sends)
        if client_sends or negotiated:
            yield from self._within_ranges(before, after, pointer, direction, client_sends)
        for name, media in () if client_sends or negotiated else after.items():
            match = covering(name, before)
            place = step(pointer, "content", name)
            if match is None:
                message = f"the {direction} body may now be sent as {name!a}"
                yield self._place.difference(
                    Level.BREAKING,
                    "media-type-added",
                    direction,
                    message,
                    place,
                    witness=Proof("media type", name),
                )
                continue
            yield from self._media(before[match], media, place, direction, name, comparison, client_sends)

    def _within_ranges(
        self, before: _Content, after: _Content, pointer: str, direction: Direction, client_sends: bool
    ) -> Iterator[Difference]:
        """Yield what breaks where head says of one media type what base said of a range around it."""
        comparison = self._requests if direction is Direction.REQUEST else self._responses
        for name, media in after.items():
            around = covering(name, {one: None for one in before if "*" in one})
            seen = {covering(one, after) if client_sends else covered(one, after) for one in before}
            if around is not None and name not in before and name not in seen:
                place = step(pointer, "content", name)
                yield from self._media(
                    before[around], media, place, direction, name, comparison, client_sends
                )

    def _media(
        self,
        base: dict[str, Json],
        head: dict[str, Json],
        pointer: str,
        direction: Direction,
        name: str,
        comparison: Comparison,
        client_sends: bool,
    ) -> Iterator[Difference]:
        label = f"the {direction} body ({ascii(name)[1:-1]})"
        is_form = name.partition(";")[0] in FORMS and client_sends
        slot = Slot(self._place, direction, label, step(pointer, "schema"), "body", client_sends, is_form)
        schemas = schema_of(base, name), schema_of(head, name)
        yield from slot.differences(*schemas, comparison)
        if client_sends and direction is Direction.REQUEST:
            yield from self._defaults(slot, *schemas)
        if is_form:
            yield from self._forms(base, head, slot, comparison)
        if is_xml(name):
            documents = self._place.base.document, self._place.head.document
            yield from map(slot.of_loss, rewritten(*documents, *schemas))

    def _defaults(self, slot: Slot, base: Json, head: Json) -> Iterator[Difference]:
        """Yield the defaults that clients relied on by leaving a property out."""
        found = Defaults(self._place.base.document, self._place.head.document)
        for pointer, before, after in found.moved(base, head):
            message = f"{slot.label}: who leaves out {pointer!a} now gets {told(before, after)}"
            yield self._place.difference(
                Level.UNKNOWN, "default", slot.direction, message, slot.pointer, inner=pointer
            )

    def _forms(
        self, base: dict[str, Json], head: dict[str, Json], slot: Slot, comparison: Comparison
    ) -> Iterator[Difference]:
        first = encodings(base, self._place.base.document.resolved(schema_of(base)))
        second = encodings(head, self._place.head.document.resolved(schema_of(head)))
        for name, parameter in first.items():
            other = second.get(name)
            if other is None:
                continue
            found = [
                *restyled(parameter, other, f"form field {name!a}", comparison),
                *repacked(parameter, other, self._place.base.document),
            ]
            for level, rule, message, inner, witness in found:
                yield self._place.difference(
                    level, rule, slot.direction, message, slot.pointer, inner=inner, witness=witness
                )

    def of_responses(self) -> Iterator[Difference]:
        """Yield the differences of statuses, response headers and response bodies."""
        before, after = self._place.base.responses(), self._place.head.responses()
        for status, base in before.items():
            match = matching_status(status, after)
            if match is None:
                yield self._status_gone(status)
                continue
            if not self._client_sends and status.endswith("XX") and match.isdecimal():
                yield self._status_gone(status)
            pointer = step(self._place.head.pointer, "responses", match)
            yield from self._headers(base, after[match], pointer)
            if content_of(base):
                contents = content_of(base), content_of(after[match])
                yield from self._contents(*contents, pointer, Direction.RESPONSE, not self._client_sends)
            elif not self._client_sends and content_of(after[match]):
                message = f"what clients answer with status {status!a} had no body and now has one"
                yield self._place.difference(
                    Level.UNKNOWN, "answer-body", Direction.RESPONSE, message, pointer
                )
        for status in after:
            if status not in before:
                pointer = step(self._place.head.pointer, "responses", status)
                yield self._place.difference(
                    Level.SAFE, "status-added", Direction.RESPONSE, f"status {status!a} is new", pointer
                )
                yield from self._of_new_status(status, before, after, pointer)

    def _of_new_status(
        self, status: str, before: _Responses, after: _Responses, pointer: str
    ) -> Iterator[Difference]:
        """Yield what breaks where head says of one status what base said of a range around it, or of all others."""
        around = next((one for one in (f"{status[:1]}XX", "default") if one in before), None)
        if around is None or status == "default" or matching_status(around, after) == status:
            return
        base, head = content_of(before[around]), content_of(after[status])
        if around != "default":
            yield from self._headers(before[around], after[status], pointer)
        else:  # that all other answers look like this is no promise that each has a body
            base = {name: one for name, one in base.items() if covering(name, head) is not None}
        if base:
            yield from self._contents(base, head, pointer, Direction.RESPONSE, not self._client_sends)

    def _status_gone(self, status: str) -> Difference:
        succeeds = status.startswith("2")
        pointer = step(self._place.base.pointer, "responses", status)
        follows = status.startswith(("1", "3"))  # what comes next is another protocol or another address
        level = Level.BREAKING if succeeds else Level.UNKNOWN if follows else Level.SAFE
        return self._place.difference(
            level,
            "status-removed",
            Direction.RESPONSE,
            f"status {status!a} is no longer answered",
            pointer,
            witness=Proof("status", status) if succeeds else None,
        )

    def _headers(self, base: dict[str, Json], head: dict[str, Json], pointer: str) -> Iterator[Difference]:
        before, after = _headers(self._place.base, base), _headers(self._place.head, head)
        for name, one in before.items():
            other = after.get(name)
            place = step(pointer, "headers", (other or one).name)
            needed = one.raw.get("required") is True
            if other is None:
                level = Level.BREAKING if needed else Level.UNKNOWN
                message = f"response header {one.name!a} is gone"
                proof = Proof(f"response header {one.name}", None, "left out") if needed else None
                yield self._place.difference(
                    level, "header-removed", Direction.RESPONSE, message, place, witness=proof
                )
                continue
            sides = (one, other) if not self._client_sends else (other, one)
            for level, rule, message, inner, witness in compared_parameters(*sides, self._responses):
                yield self._place.difference(
                    level,
                    rule,
                    Direction.RESPONSE,
                    f"response {message}",
                    place,
                    inner=inner,
                    witness=witness,
                )


def _headers(operation: Operation, response: dict[str, Json]) -> dict[str, Parameter]:
    found = {}
    for name, raw in members(response.get("headers")).items():
        if name.lower() != "content-type":
            found[name.lower()] = Parameter(name, "header", operation.document.resolved(raw), "")
    return found
