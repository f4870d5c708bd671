"""Compares two documents operation by operation, with the direction of each message.

Head must take every request that base took, and must only answer what base promised. Webhooks
and callbacks run the other way: there the server sends the request and the client answers.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from guardrails.analysis.openapi.access.security import moved_endpoints, refused, scopes_gone
from guardrails.analysis.openapi.access.servers import Moved, moved, own_servers
from guardrails.analysis.openapi.bodies import Bodies
from guardrails.analysis.openapi.conventions.lifecycle import announced, lowered
from guardrails.analysis.openapi.conventions.names import Names
from guardrails.analysis.openapi.difference import Difference, Direction, Level, Proof
from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.examples import curl_of, pytest_of, request_of
from guardrails.analysis.openapi.links import Links
from guardrails.analysis.openapi.operations import Operation, Parameter, operations_of
from guardrails.analysis.openapi.parameters import compared as compared_parameters
from guardrails.analysis.openapi.schemas.search import BUDGET, Comparison
from guardrails.analysis.openapi.schemas.validators import Compiler
from guardrails.analysis.openapi.slots import Place
from guardrails.analysis.openapi.unchanged import Unchanged
from guardrails.analysis.openapi.values import listed, step


class Judgement:
    """The comparison of two documents."""

    def __init__(
        self,
        base: Document,
        head: Document,
        budget: int = BUDGET,
        *,
        shown: bool = True,
        today: date | None = None,
    ) -> None:
        """Take base's and head's document, how many values may be tried for each slot, and if they are shown.

        `today` tells whether what was announced for a day may have gone.
        """
        self._today = today
        self._is_shown = shown
        self.base = base
        self.head = head
        self._budget = budget
        self._comparisons: dict[tuple[bool, bool], Comparison] = {}
        self._compiler = Compiler()
        self._unchanged = Unchanged(base, head)
        self._links = Links(base, head)
        self._names = Names(head)

    def differences(self) -> list[Difference]:
        """Return every difference, worst first."""
        found = list(self._between(list(operations_of(self.base)), list(operations_of(self.head))))
        found += self._servers()
        if not self._is_shown:
            found = [replace(one, witness=None) for one in found]
        return sorted(found, key=lambda one: one.sort_key)

    def _servers(self) -> Iterator[Difference]:
        """Yield the addresses that the document named for all its operations and names no more."""
        before, after = (listed(one.root.get("servers")) for one in (self.base, self.head))
        for one in moved(before, after):
            yield _moved(one, "*", "*", "/servers")

    def comparison(self, *, client_sends: bool, request: bool) -> Comparison:
        """Return the comparison of schemas for messages that the client or the server sends."""
        key = (client_sends, request)
        if key not in self._comparisons:
            source, target = (self.base, self.head) if client_sends else (self.head, self.base)
            named = client_sends and request
            self._comparisons[key] = Comparison(
                source,
                target,
                request=request,
                budget=self._budget,
                named=named,
                shown=self._is_shown,
                compiler=self._compiler,
            )
        return self._comparisons[key]

    def _between(self, before: list[Operation], after: list[Operation]) -> Iterator[Difference]:
        pairs, gone, new = _aligned(before, after)
        for operation in gone:
            yield self._shown(_removed(operation, self._today), operation)
        for operation in new:
            place = Place(operation, operation)
            yield place.difference(
                Level.SAFE, "operation-added", Direction.REQUEST, f"{place.label} is new", operation.pointer
            )
        for base, head in pairs:
            if self._unchanged.holds(base, head):
                continue
            found = (self._shown(one, base) for one in self._of_pair(base, head))
            yield from (replace(one, level=Level.SAFE) for one in found) if base.is_unstable else found

    def _shown(self, one: Difference, base: Operation) -> Difference:
        """Return the difference with a request around its witness, where a client sends it."""
        is_sent = self._is_shown and base.kind == "path" and one.direction is Direction.REQUEST
        if one.witness is None or not is_sent or one.witness.curl or one.rule == "server":
            return one
        comparison = self.comparison(client_sends=True, request=True)
        sent = request_of(base, one.witness, comparison)
        return replace(one, witness=replace(one.witness, curl=curl_of(sent), pytest=pytest_of(sent)))

    def _of_pair(self, base: Operation, head: Operation) -> Iterator[Difference]:
        place = Place(base, head)
        client_sends = base.kind == "path"
        if client_sends:
            yield from self._names.of(place)
            yield from lowered(place)
            yield from _security(place)
            yield from _own_servers(place)
        requests = self.comparison(client_sends=client_sends, request=True)
        responses = self.comparison(client_sends=not client_sends, request=False)
        yield from self._parameters(place, requests, client_sends=client_sends)
        bodies = Bodies(place, requests, responses, client_sends=client_sends)
        yield from bodies.of_request()
        yield from bodies.of_responses()
        if client_sends:  # what a client answers is followed by the server alone
            yield from self._links.of(place)
        yield from self._between(list(base.callbacks()), list(head.callbacks()))

    def _parameters(
        self, place: Place, comparison: Comparison, *, client_sends: bool
    ) -> Iterator[Difference]:
        before, after = place.base.parameters(), place.head.parameters()
        for key, parameter in before.items():
            if key not in after:
                yield _gone(place, parameter, self._today, client_sends=client_sends)
                continue
            one, other = (parameter, after[key]) if client_sends else (after[key], parameter)
            for level, rule, message, inner, witness in compared_parameters(one, other, comparison):
                yield place.difference(
                    level, rule, Direction.REQUEST, message, after[key].pointer, inner=inner, witness=witness
                )
        for key, parameter in after.items():
            if key not in before:
                yield _added(place, parameter, client_sends=client_sends)


def _aligned(
    before: list[Operation], after: list[Operation]
) -> tuple[list[tuple[Operation, Operation]], list[Operation], list[Operation]]:
    """Pair operations: first those of the same path, then those whose variables have other names."""
    exact = {(one.kind, one.path, one.method): one for one in after}
    pairs = [(one, exact.pop(key)) for one in before if (key := (one.kind, one.path, one.method)) in exact]
    paired = {id(one) for one, _ in pairs}
    loose = {one.key: one for one in exact.values()}
    gone = []
    for one in before:
        if id(one) in paired:
            continue
        if one.key in loose:
            pairs.append((one, loose.pop(one.key)))
        else:
            gone.append(one)
    return pairs, gone, list(loose.values())


def _removed(operation: Operation, today: date | None) -> Difference:
    place = Place(operation, operation)
    may_go, said = (True, ", as base announced") if operation.is_unstable else announced(operation.raw, today)
    level = Level.SAFE if may_go else Level.BREAKING
    direction = Direction.REQUEST if operation.kind == "path" else Direction.RESPONSE
    proof = Proof("request", None, f"{operation.method.upper()} {operation.path}")
    return place.difference(
        level,
        "operation-removed",
        direction,
        f"{place.label} is gone{said}",
        operation.pointer,
        witness=proof if level is Level.BREAKING else None,
    )


def _own_servers(place: Place) -> Iterator[Difference]:
    if own_servers(place.base) or own_servers(place.head):
        sides = [
            own_servers(one) or listed(one.document.root.get("servers")) for one in (place.base, place.head)
        ]
        for one in moved(*sides):
            yield _moved(one, place.base.method.upper(), place.base.path, f"{place.head.pointer}/servers")


def _moved(one: Moved, method: str, path: str, pointer: str) -> Difference:
    proof = Proof("server", one.address, one.address) if one.level is Level.BREAKING else None
    return Difference(
        one.level,
        "server",
        method,
        path,
        pointer,
        Direction.REQUEST,
        one.sentence,
        inner=one.address,
        witness=proof,
    )


def _security(place: Place) -> Iterator[Difference]:
    for name in moved_endpoints(place.base, place.head):
        message = f"{place.label} needs {name!a}, whose tokens are now to be had at another address"
        pointer = step("", "components", "securitySchemes", name)
        yield place.difference(Level.UNKNOWN, "token-address", Direction.REQUEST, message, pointer)
    for name, scope in scopes_gone(place.base, place.head):
        message = f"{place.label} needs the scope {scope!a}, which {name!a} offers no more"
        pointer = step("", "components", "securitySchemes", name)
        yield place.difference(Level.UNKNOWN, "scope-gone", Direction.REQUEST, message, pointer, inner=scope)
    credentials = refused(place.base, place.head)
    if credentials is None:
        return
    names = sorted(f"{name} {' '.join(sorted(scopes))}".strip() for name, scopes in credentials.items())
    had = " and ".join(names) or "no credentials"
    message = f"{place.label} refuses {had}, which base took"
    yield place.difference(
        Level.BREAKING,
        "credentials-refused",
        Direction.REQUEST,
        message,
        f"{place.head.pointer}/security",
        witness=Proof("credentials", list(names), had),
    )


def _gone(place: Place, parameter: Parameter, today: date | None, *, client_sends: bool) -> Difference:
    label = f"{parameter.place} parameter {parameter.name!a}"
    level, said = Level.BREAKING if parameter.is_required else Level.UNKNOWN, ""
    if client_sends:
        may_go, said = announced(parameter.raw, today)
        level = Level.SAFE if may_go else Level.UNKNOWN
    proof = (
        Proof(f"{parameter.place} {parameter.name}", None, "left out") if level is Level.BREAKING else None
    )
    return place.difference(
        level,
        "parameter-removed",
        Direction.REQUEST,
        f"{label} is gone{said}",
        parameter.pointer,
        witness=proof,
    )


def _added(place: Place, parameter: Parameter, *, client_sends: bool) -> Difference:
    label = f"{parameter.place} parameter {parameter.name!a}"
    if client_sends and parameter.is_required:
        proof = Proof(f"{parameter.place} {parameter.name}", None, "left out")
        message = f"{label} is new and required"
        return place.difference(
            Level.BREAKING, "parameter-required", Direction.REQUEST, message, parameter.pointer, witness=proof
        )
    return place.difference(
        Level.SAFE, "parameter-added", Direction.REQUEST, f"{label} is new", parameter.pointer
    )


def differences(
    base: Document,
    head: Document,
    budget: int = BUDGET,
    *,
    shown: bool = True,
    today: date | None = None,
) -> list[Difference]:
    """Return every difference between two documents that a client may care about, worst first.

    Where witnesses are not `shown`, none is confirmed or carried, and each slot tells one break. With
    `today` what base announced for a later day may not go yet.
    """
    return Judgement(base, head, budget, shown=shown, today=today).differences()
