"""What only running the service shows: head tried by its document, then compared with base by its answers."""

from collections.abc import Iterator
from contextlib import ExitStack

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import operations_of
from guardrails.gates.contract import rules
from guardrails.gates.contract.consumers import Consumers
from guardrails.gates.contract.fuzz.judging import Fuzz
from guardrails.gates.contract.promises import finding
from guardrails.gates.contract.replay.judging import Replay
from guardrails.gates.contract.replay.playing import Remembered, Side
from guardrails.gates.contract.replay.reach import Reach, reached
from guardrails.gates.contract.settings import Settings
from guardrails.model.change import Stage
from guardrails.model.errors import CannotJudge
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.rule import Report


def play(
    context: Context,
    service: Service,
    documents: tuple[Document | None, Document],
    changed: frozenset[tuple[str, str]],
    consumers: Consumers,
) -> Report:
    """Return what trying head, and asking both sides the same, shows.

    `changed` are the operations (method, path) whose document differs. An application that
    cannot be played is a finding, and takes nothing from what else is judged.
    """
    settings = context.policy.settings_for("contract", Settings)
    replays = settings.replays
    tries = 0 if context.stage is Stage.COMMIT else settings.max_requests
    if not (replays or tries):
        return Report(facts=(f"{service.name}: policy asks for documents alone",))
    if not any(service.owns(file.path) or file.path == service.lock for file in context.change.files):
        return Report(facts=(f"{service.name}: no code changed, nothing was played",))
    reports: list[Report] = []
    try:
        with ExitStack() as stack:
            sides = Side(context, service, context.base, stack), Side(context, service, context.head, stack)
            for one in _reports(
                context, service, documents, sides, changed, consumers, (tries, replays), stack
            ):
                reports.append(one)
    except CannotJudge as error:
        message = f"{service.name} cannot be played: {error}"
        reports.append(
            Report(
                (finding(context, service, rules.UNPLAYABLE, message),), (), (f"{service.name}: not played",)
            )
        )
    return Report(
        tuple(one for part in reports for one in part.findings),
        tuple(one for part in reports for one in part.base_fingerprints),
        tuple(one for part in reports for one in part.facts),
    )


def _reports(
    context: Context,
    service: Service,
    documents: tuple[Document | None, Document],
    sides: tuple[Side, Side],
    changed: frozenset[tuple[str, str]],
    consumers: Consumers,
    budget: tuple[int, int],
    stack: ExitStack,
) -> Iterator[Report]:
    base, head = documents
    tries, replays = budget
    reach = _reach(context, service, sides, changed) if base else Reach(None)
    if tries:
        known = {(one.method, one.path) for one in operations_of(base)} if base else set()
        operations = [one for one in operations_of(head) if one.kind == "path"]
        touched = [one for one in operations if reach.has(one) or (one.method, one.path) not in known]
        first = sorted(touched, key=lambda one: (one.method, one.path) not in changed)
        trial = Fuzz(context, service, documents, sides, stack).result(first)
        yield Report(trial.findings, trial.base_fingerprints, (trial.fact,))
    if replays and base:
        replayed = Replay(context, service, base, head, sides, consumers).result(reach, replays)
        yield Report((*replayed.findings, *consumers.broken(sides)), (), (replayed.fact,))


def _reach(
    context: Context, service: Service, sides: tuple[Side, Side], changed: frozenset[tuple[str, str]]
) -> Reach:
    if any(file.path == service.lock for file in context.change.files):
        return Reach(None)
    sides[1].load()  # it is needed in nearly every case, and takes as long as base
    return Reach(reached(context, service, Remembered(context, service, sides[0]).handlers), changed)
