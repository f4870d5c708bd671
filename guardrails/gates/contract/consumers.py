"""What consumers make of a finding: one that they notice names them, one that nobody notices is lowered."""

import json
import re
from collections.abc import Iterator, Sequence

from guardrails.analysis.consumers.reading import Consumer, Interaction, consumers_in
from guardrails.analysis.consumers.touching import lacking, readers, senders
from guardrails.analysis.openapi.difference import Difference, Direction
from guardrails.analysis.openapi.values import step
from guardrails.gates.contract import rules
from guardrails.gates.contract.promises import finding
from guardrails.gates.contract.replay.playing import Side
from guardrails.gates.contract.replay.witness import said, shell_of
from guardrails.gates.contract.settings import Settings
from guardrails.model.evidence import Witness
from guardrails.model.finding import Effect, Finding
from guardrails.model.frozen import replace
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Response, Silence, Step

_LOWER = {Effect.BLOCK: Effect.REVIEW, Effect.REVIEW: Effect.NOTE}
_INDEX = re.compile(r"/\d+(?=/|$)")


class Consumers:
    """Base's consumers of one service; without a file, nothing is lowered and nobody is named."""

    def __init__(self, context: Context, service: Service) -> None:
        settings = context.policy.settings_for("contract", Settings)
        self._context = context
        self._service = service
        folder = f"{service.contract}/{settings.consumers}"
        self._known, self._bad = consumers_in(context.base, folder) if service.contract else ([], [])

    def unusable(self) -> list[Finding]:
        """Return a finding for each file that cannot be read, since its consumer is not heard."""
        return [
            finding(self._context, self._service, rules.CONSUMER_UNUSABLE, str(one), subject=str(one))
            for one in self._bad
        ]

    def weighed(self, found: Finding, difference: Difference) -> Finding:
        """Return the finding of a document's difference as the consumers see it."""
        if not self._known or self._bad:
            return found
        operation = f"{difference.method.upper()} {difference.path}"
        pointer = _INDEX.sub("/*", difference.inner)
        if difference.lacks is not None:
            pointer = step(pointer, difference.lacks)
        if difference.direction is Direction.RESPONSE:
            return self._said(found, readers(self._known, operation, pointer), "reads")
        if difference.lacks is not None:
            return self._said(found, lacking(self._known, operation, pointer), "does not send")
        return self._said(found, senders(self._known, operation, pointer), "sends")

    def weighed_place(self, found: Finding, operation: str, place: str) -> Finding:
        """Return the finding of a replay at a place as the consumers see it."""
        if not self._known or self._bad:
            return found
        return self._said(
            found, readers(self._known, operation, place if place.startswith("/") else ""), "reads"
        )

    @staticmethod
    def _said(found: Finding, touched: Sequence[Consumer], verb: str) -> Finding:
        if touched:
            names = ", ".join(sorted(ascii(one.label)[1:-1] for one in touched))
            return replace(found, message=f"{found.message}; consumer {names} {verb} it")
        lowered = _LOWER.get(found.effect, found.effect)
        return replace(found, effect=lowered, message=f"{found.message}; no known consumer {verb} it")

    def broken(self, sides: tuple[Side, Side]) -> Iterator[Finding]:
        """Yield the examples of pacts that base satisfies and head does not."""
        for consumer in self._known:
            for one in consumer.interactions:
                step = Step(one.request)
                base, head = (side.ask([step], independent=True)[0] for side in sides)
                why = fault_in(one, head)
                if fault_in(one, base) or not why:
                    continue
                yield finding(
                    self._context,
                    self._service,
                    rules.PACT_BROKEN,
                    f"consumer {ascii(consumer.label)[1:-1]} counts on {ascii(one.about)[1:-1] or 'an answer'}: {why}",
                    symbol=f"{one.request.method} {ascii(one.request.path)[1:-1]}",
                    subject=f"{consumer.name} {one.about}",
                    evidence=(Witness(shell_of([step]), said(base), said(head)),),
                )


def fault_in(example: Interaction, answer: Response | Silence) -> str:
    """Return what an answer lacks of an example, empty for nothing: its status, or a field of the example's type."""
    if isinstance(answer, Silence):
        return f"it {answer.reason}"
    if answer.status != example.status:
        return f"it answers {answer.status} instead of {example.status}"
    if not example.has_body or example.body in (None, ""):
        return ""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "it answers no JSON"
    return next(_lacking(example.body, body, ""), "")


def _lacking(wanted: object, given: object, place: str) -> Iterator[str]:
    shown = ascii(place)[1:-1]
    if isinstance(wanted, dict) and isinstance(given, dict):
        for name, one in wanted.items():
            if name in given:
                yield from _lacking(one, given[name], f"{place}/{name}")
            else:
                yield f"{shown}/{ascii(name)[1:-1]} is missing"
    elif isinstance(wanted, list) and isinstance(given, list):
        if wanted and not given:
            yield f"{shown} is empty"
        for one in given if wanted else ():
            yield from _lacking(wanted[0], one, f"{place}/*")
    elif _type(wanted) != _type(given):
        yield f"{shown} has another type"


def _type(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__
