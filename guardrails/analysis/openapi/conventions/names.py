"""Names that clients go by, where each message is as before: of operations, and of variables in a path."""

from collections.abc import Iterator
from functools import cached_property

from guardrails.analysis.openapi.difference import Difference, Direction, Level, Proof
from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import VARIABLE, Operation, by_operation_id, operations_of
from guardrails.analysis.openapi.slots import Place


class Names:
    """Finds names that head gives to something else than base did."""

    def __init__(self, head: Document) -> None:
        """Take head's document; its operations are listed when the first name is asked for."""
        self._head = head

    def of(self, place: Place) -> Iterator[Difference]:
        """Yield the names of one operation that now stand for another thing."""
        yield from self._of_operation(place)
        before, after = (VARIABLE.findall(one.path) for one in (place.base, place.head))
        if before != after and sorted(before) == sorted(after):
            message = (
                f"the variables of {place.label} changed places: it is {ascii(place.head.path)[1:-1]} now"
            )
            yield place.difference(
                Level.BREAKING,
                "path-order",
                Direction.REQUEST,
                message,
                place.head.pointer,
                witness=Proof("path", list(before), place.base.path),
            )

    def _of_operation(self, place: Place) -> Iterator[Difference]:
        name = place.base.raw.get("operationId")
        other = self._named.get(name) if isinstance(name, str) else None
        if other is not None and other.key != place.head.key:
            message = f"{place.label} was {name!a}, which names {other.method.upper()} {ascii(other.path)[1:-1]} now"
            yield place.difference(Level.SAFE, "operation-id", Direction.REQUEST, message, place.head.pointer)

    @cached_property
    def _named(self) -> dict[str, Operation]:
        return by_operation_id(operations_of(self._head))
