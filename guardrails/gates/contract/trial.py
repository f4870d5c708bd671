"""Tries head's operations with requests at their boundaries, and base with those that head fails."""

import shlex
from collections.abc import Iterable, Sequence
from contextlib import ExitStack

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import Operation, operations_of
from guardrails.gates.contract import rules
from guardrails.gates.contract.answers import Judge, Problem
from guardrails.gates.contract.promises import finding
from guardrails.gates.contract.requests import Probe, Probes
from guardrails.gates.contract.settings import Settings
from guardrails.model.errors import ServiceFailure
from guardrails.model.evidence import Witness
from guardrails.model.finding import Finding
from guardrails.model.frozen import frozen
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Response, Server, Tree

_MOST_LAUNCHES = 4
_LONGEST = 8000


@frozen
class Trial:
    """What trying one service gave: findings on head, base's own fingerprints, and what was tried."""

    findings: tuple[Finding, ...]
    base_fingerprints: tuple[str, ...]
    fact: str


class Subject:
    """A service of one tree that is launched when it is first asked, and again after it died."""

    def __init__(self, context: Context, service: Service, tree: Tree, stack: ExitStack) -> None:
        self._context = context
        self._service = service
        self._tree = tree
        self._stack = stack
        self._launched: ExitStack | None = None
        self._server: Server | None = None
        self._launches = 0

    def answer(self, probe: Probe) -> Response | None:
        """Return the answer to a probe, None when there is none; raises ServiceFailure when it cannot be launched."""
        server = self._server or self._launch()
        try:
            return server.request(probe.request)
        except ServiceFailure:
            self._end()
            return None

    @property
    def is_spent(self) -> bool:
        """Whether it died so often that it is not launched again."""
        return self._server is None and self._launches >= _MOST_LAUNCHES

    def _launch(self) -> Server:
        self._launches += 1
        self._launched = self._stack.enter_context(ExitStack())
        self._server = self._launched.enter_context(self._context.laboratory.serve(self._service, self._tree))
        return self._server

    def _end(self) -> None:
        if self._launched is not None:
            self._launched.close()
        self._server = self._launched = None


def try_service(
    context: Context,
    service: Service,
    base: Document | None,
    head: Document,
    first: Iterable[tuple[str, str]],
) -> Trial:
    """Send probes to head's operations, those in `first` before the others, and return what went wrong."""
    settings = context.policy.settings_for("contract", Settings)
    operations = _ordered(head, set(first))
    probes: Probes | None = None
    with ExitStack() as stack:
        run = _Run(context, service, head, stack, settings)
        for index, operation in enumerate(operations):
            share = run.share(len(operations) - index)
            if run.is_over or not share:
                break
            # Made late: a trial that policy switches off must not load the generators.
            probes = probes or Probes(head, context.laboratory.seed)
            made, is_part = probes.of(operation.method, operation.path, share, settings.random_examples)
            run.try_operation(operation, made, is_part=is_part)
        findings, known = run.findings(base)
    return Trial(tuple(findings), tuple(known), run.fact(len(operations)))


def _ordered(document: Document, first: set[tuple[str, str]]) -> list[Operation]:
    found = [one for one in operations_of(document) if one.kind == "path"]
    return sorted(found, key=lambda one: ((one.method, one.path) not in first, one.path, one.method))


@frozen
class _Failure:
    """One probe that head failed."""

    probe: Probe
    problem: Problem
    answer: Response | None

    @property
    def size(self) -> tuple[int, str, bytes]:
        """Order of witnesses: the smallest request first."""
        request = self.probe.request
        return (len(request.path) + len(request.body), request.path, request.body)

    def witness(self, base: "_OnBase") -> Witness:
        """Return the probe with both answers."""
        return Witness(curl_of(self.probe), base.said, f"{_status(self.answer)}: {self.problem.sentence}")


@frozen
class _OnBase:
    """What base answered to a probe, and what is wrong with that by base's document."""

    said: str
    rule_id: str = ""
    cause: str = ""


class _Run:
    def __init__(
        self, context: Context, service: Service, head: Document, stack: ExitStack, settings: Settings
    ) -> None:
        self._context = context
        self._service = service
        self._settings = settings
        self._stack = stack
        self._judge = Judge(head)
        self._subject = Subject(context, service, context.head, stack)
        self._groups: dict[tuple[str, str, str], list[_Failure]] = {}
        self._begin = context.clock.monotonic()
        self._sent = 0
        self._tried = 0
        self._in_part = 0
        self._stopped = ""

    def share(self, left: int) -> int:
        """Return how many requests the next of `left` operations may have."""
        rest = self._settings.max_requests - self._sent
        return min(self._settings.requests_per_operation, max(rest // left, min(rest, 1)))

    @property
    def is_over(self) -> bool:
        """Whether time or launches are used up."""
        if self._context.clock.monotonic() - self._begin > self._settings.seconds:
            self._stopped = "the time that policy gives"
        elif self._subject.is_spent:
            self._stopped = "the launches of a service that keeps dying"
        return bool(self._stopped)

    def try_operation(self, operation: Operation, probes: Iterable[Probe], *, is_part: bool) -> None:
        """Send the probes of one operation, which may be a part of all, unless time or launches are used up."""
        self._in_part += is_part
        sent = self._sent
        for probe in probes:
            if self.is_over:
                break
            answer = self._subject.answer(probe)
            self._sent += 1
            problem = self._judge.problem(probe, answer)
            if problem is not None:
                self._keep(operation, probe, problem, answer)
            if answer is None:
                break  # one operation that hangs must not use up the time of all
        self._tried += self._sent > sent

    def _keep(self, operation: Operation, probe: Probe, problem: Problem, answer: Response | None) -> None:
        # One fault in shared code crashes many operations; it is mended once, so it is found once.
        shared = problem.rule is rules.SERVER_ERROR and answer is not None
        label = "" if shared else ascii(f"{operation.method.upper()} {operation.path}")[1:-1]
        group = (problem.rule.id, label, problem.cause)
        self._groups.setdefault(group, []).append(_Failure(probe, problem, answer))

    def findings(self, base: Document | None) -> tuple[list[Finding], list[str]]:
        """Return one finding for each cause, and the fingerprints of those that base shows as well.

        Base is asked the smallest requests that show a cause, and judged by its own document.
        """
        subject = Subject(self._context, self._service, self._context.base, self._stack)
        judge = Judge(base) if base is not None else None
        findings, known = [], []
        for (_, label, cause), group in sorted(self._groups.items()):
            shown = sorted(group, key=lambda one: one.size)[: self._settings.shown]
            answers = {id(one): self._of_base(one.probe, subject, judge) for one in shown}
            evidence = tuple(one.witness(answers[id(one)]) for one in shown)
            operations = sorted({f"{one.probe.method.upper()} {one.probe.path}" for one in group})
            rule = group[0].problem.rule
            made = finding(
                self._context,
                self._service,
                rule,
                f"{_named(operations)} {shown[0].problem.sentence}",
                symbol=label,
                subject=cause,
                evidence=evidence,
            )
            findings.append(made)
            if any((rule.id, cause) == (one.rule_id, one.cause) for one in answers.values()):
                known.append(made.fingerprint)
        return findings, known

    def _of_base(self, probe: Probe, subject: Subject, judge: Judge | None) -> "_OnBase":
        if judge is None or not judge.knows(probe):
            return _OnBase("has no such operation")
        if subject.is_spent:
            return _OnBase("not asked, since it keeps dying")
        answer = subject.answer(probe)
        problem = judge.problem(probe, answer)
        if problem is None:
            return _OnBase(_status(answer))
        return _OnBase(f"{_status(answer)}: {problem.sentence}", problem.rule.id, problem.cause)

    def fact(self, operations: int) -> str:
        """Return what was tried; the number of requests is the same for the same change unless time ran out."""
        text = f"{self._service.name}: {self._tried} of {operations} operations tried at their boundaries"
        text += f", {self._in_part} of them at a part" if self._in_part else ""
        return f"{text}; {self._stopped} ran out" if self._stopped else text


def _named(operations: Sequence[str]) -> str:
    first = ascii(operations[0])[1:-1]
    return first if len(operations) == 1 else f"{first} (and {len(operations) - 1} more)"


def _status(answer: Response | None) -> str:
    return "no answer" if answer is None else str(answer.status)


def curl_of(probe: Probe) -> str:
    """Return the probe as a curl command line."""
    request = probe.request
    words = ["curl", "-X", request.method]
    for name, value in request.headers:
        words += ["-H", f"{name}: {value}"]
    if request.body:
        words += ["--data-raw", request.body.decode("utf-8", "backslashreplace")]
    words.append(f"http://localhost{request.path}")
    return " ".join(shlex.quote(word) for word in words)[:_LONGEST]
