"""Tries head's touched operations in sequences and at their boundaries, and base with those that head fails.

First come the failures that were kept, then our own scripts, which reach states, then the
probes that schemathesis makes of the document. What fails is made small, grouped by its cause,
and asked of base, so that an old fault is known as one.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import Operation, operations_of
from guardrails.gates.contract import rules
from guardrails.gates.contract.answers import Judge, Problem
from guardrails.gates.contract.fuzz.acts import Act, act_of_probes, act_of_script
from guardrails.gates.contract.fuzz.checks import Checks
from guardrails.gates.contract.fuzz.forbidden import Forbidden
from guardrails.gates.contract.fuzz.sequences import Sequences
from guardrails.gates.contract.fuzz.witnesses import Witnesses
from guardrails.gates.contract.promises import finding
from guardrails.gates.contract.replay.playing import Answers, Side
from guardrails.gates.contract.replay.scripts.lines import label_of
from guardrails.gates.contract.replay.scripts.writer import Writer
from guardrails.gates.contract.replay.stored import stored_scripts
from guardrails.gates.contract.replay.witness import said, shell_of
from guardrails.gates.contract.replay.words import words_of
from guardrails.gates.contract.requests import Probes
from guardrails.gates.contract.settings import Settings
from guardrails.model.errors import CannotJudge
from guardrails.model.evidence import Witness
from guardrails.model.finding import Finding
from guardrails.model.frozen import frozen
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Response, Silence

_OWN_SHARE = 0.7
_MADE = 2
_NOT_ASKED = "not asked"


@frozen
class Trial:
    """What trying one service gave: findings on head, base's own fingerprints, and what was tried."""

    findings: tuple[Finding, ...]
    base_fingerprints: tuple[str, ...]
    fact: str


@frozen
class _Failure:
    """One step of an act that head failed."""

    act: Act
    index: int
    problem: Problem

    @property
    def group(self) -> tuple[str, str, str]:
        """What it is reported with: one fault in shared code crashes many operations and is mended once."""
        shared = self.problem.rule is rules.SERVER_ERROR and " in " in self.problem.cause
        return (self.problem.rule.id, "" if shared else self.operation, self.problem.cause)

    @property
    def operation(self) -> str:
        """The operation that failed, printable."""
        return ascii(self.act.script.lines[self.index].operation)[1:-1]

    @property
    def size(self) -> tuple[int, int, str, bytes]:
        """Order of witnesses: few uses first, then the smallest request."""
        step = self.act.script.lines[self.index].step
        return (
            len(step.uses),
            len(step.request.path) + len(step.request.body),
            step.request.path,
            step.request.body,
        )


class Judges:
    """All that one document, and base's checks, say of the answers to an act."""

    def __init__(self, document: Document, checks: Checks) -> None:
        operations = [one for one in operations_of(document) if one.kind == "path"]
        self.sequences = Sequences(document, operations)
        self.forbidden = Forbidden(document, operations)
        self._judge = Judge(document)
        self._checks = checks

    def failures(self, act: Act, answers: Answers) -> Iterator[tuple[int, Problem]]:
        """Yield what is wrong with the answers, by the place of the step; nothing for what was not asked."""
        for index, (probe, answer) in enumerate(zip(act.probes, answers, strict=True)):
            if isinstance(answer, Silence) and answer.reason.startswith(_NOT_ASKED):
                continue
            if self._judge.knows(probe):
                given = answer if isinstance(answer, Response) else None
                found = (self._judge.problem(probe, given), self._leniency(act, index, given))
                yield from ((index, one) for one in found if one is not None)
        yield from self.sequences.problems(act, answers)
        yield from self._checks.problems(act, answers)

    def _leniency(self, act: Act, index: int, given: Response | None) -> Problem | None:
        """Return that a request was accepted which breaks a schema: what its maker says is not believed alone."""
        found = self._judge.leniency(act.probes[index], given)
        line = act.script.lines[index]
        return found if found and self.forbidden.places(line.operation, line.step.request) else None


class Fuzz:
    """One service's trial; the sides are those that replays use as well."""

    def __init__(
        self,
        context: Context,
        service: Service,
        documents: tuple[Document | None, Document],
        sides: tuple[Side, Side],
        stack: ExitStack,
    ) -> None:
        self._context = context
        self._service = service
        self._settings = context.policy.settings_for("contract", Settings)
        self._base_document, self._document = documents
        self._base, self._head = sides
        self._begin = context.clock.monotonic()
        self._checks = Checks(context, service, stack)
        self._judges = Judges(self._document, self._checks)
        self._witnesses = Witnesses(self._head, self._judges.failures, self._judges.forbidden)
        self._groups: dict[tuple[str, str, str], list[_Failure]] = {}
        self._tried: set[str] = set()
        self._in_part = 0
        self._sent = 0
        self._stopped = ""
        self._unusable: Sequence[CannotJudge] = ()

    def result(self, touched: Sequence[Operation]) -> Trial:
        """Return what trying the touched operations of head's document gave."""
        most = self._settings.max_requests
        if most and touched:
            acts = list(self._own_acts(touched, int(most * _OWN_SHARE)))
            probes = self._probes(touched, sum(len(one.probes) for one in acts))
            # We make probes while others play acts: neither waits for the other.
            with _ahead(probes, len(touched)) as made:
                for act in acts:
                    self._try(act)
                for act, is_part in made:
                    self._in_part += is_part
                    self._try(act)
        findings, known = self._findings()
        findings += [
            finding(self._context, self._service, rules.UNUSABLE, str(one), subject=str(one))
            for one in self._unusable
        ]
        return Trial(tuple(findings), tuple(known), self._fact(len(touched)))

    def _own_acts(self, touched: Sequence[Operation], most: int) -> Iterator[Act]:
        operations = [one for one in operations_of(self._document) if one.kind == "path"]
        words, seed = words_of(self._context, self._service), self._context.laboratory.seed
        fixed = self._settings.headers
        writer = Writer(self._document, operations, seed, words=words, made=_MADE, fixed=fixed)
        stored, errors = stored_scripts(self._context, self._service, operations)
        self._unusable = errors
        scripts = [*stored, *writer.lifecycles(touched)]
        secured = [one for one in touched if label_of(one) in self._judges.sequences.secured]
        for headers in ({}, self._judges.sequences.wrong_credentials()) if secured else ():
            stranger = Writer(self._document, operations, seed, words=words, made=1, fixed=headers)
            scripts += stranger.scripts(secured, 4 * len(secured))[: len(secured)]
        left = most - sum(len(one.lines) for one in scripts)
        scripts += writer.scripts(touched, max(left, 8 * len(touched)))
        yield from map(act_of_script, scripts)

    def _probes(self, touched: Sequence[Operation], sent: int) -> Iterator[tuple[Act, bool]]:
        """Yield the acts that are left after as many requests, and whether each is a part of its boundaries."""
        probes: Probes | None = None
        for index, operation in enumerate(touched):
            rest = self._settings.max_requests - sent
            share = min(
                self._settings.requests_per_operation, max(rest // (len(touched) - index), min(rest, 1))
            )
            if share <= 0 or self._is_over:
                break
            # Made late: a trial that policy switches off must not load the generators.
            probes = probes or Probes(self._document, self._context.laboratory.seed)
            made, is_part = probes.of(operation.method, operation.path, share, self._settings.random_examples)
            sent += len(made)
            yield act_of_probes(operation, made), is_part

    @property
    def _is_over(self) -> bool:
        if self._context.clock.monotonic() - self._begin > self._settings.seconds:
            self._stopped = "the time that policy gives"
        return bool(self._stopped)

    def _try(self, act: Act) -> None:
        if self._is_over or not act.probes:
            return
        answers = self._head.play(act.script)
        self._sent += len(answers)
        self._tried |= {line.operation for line in act.script.lines}
        for index, problem in self._judges.failures(act, answers):
            failure = _Failure(act, index, problem)
            self._groups.setdefault(failure.group, []).append(failure)

    def _findings(self) -> tuple[list[Finding], list[str]]:
        """Return one finding for each cause, and the fingerprints of those that base shows as well."""
        findings, known = [], []
        base_judges = Judges(self._base_document, self._checks) if self._base_document else None
        for (_, label, cause), group in sorted(self._groups.items()):
            best = min(group, key=lambda one: one.size)
            act, answers = self._witnesses.smallest(best.act, best.index, best.problem)
            base, is_old = self._of_base(act, best.problem, base_judges)
            operations = sorted({one.operation for one in group})
            more = f" (and {len(operations) - 1} more)" if len(operations) > 1 else ""
            made = finding(
                self._context,
                self._service,
                best.problem.rule,
                f"{operations[0]}{more} {best.problem.sentence}",
                symbol=label,
                subject=cause,
                evidence=(
                    Witness(
                        shell_of(act.script.steps), base, f"{said(answers[-1])}: {best.problem.sentence}"
                    ),
                ),
            )
            findings.append(made)
            known += [made.fingerprint] if is_old else []
        return findings, known

    def _of_base(self, act: Act, problem: Problem, judges: Judges | None) -> tuple[str, bool]:
        """Return what base answers, and whether base has the same problem."""
        if judges is None:
            return "has no such service", False
        answers = self._base.play(act.script)
        last = len(answers) - 1
        found = [one for index, one in judges.failures(act, answers) if index == last]
        is_old = any((one.rule, one.cause) == (problem.rule, problem.cause) for one in found)
        return said(answers[-1]) + "".join(f": {one.sentence}" for one in found[:1]), is_old

    def _fact(self, operations: int) -> str:
        """Return what was tried; the same for the same change unless time ran out."""
        text = f"{self._service.name}: {min(len(self._tried), operations)} of {operations} operations tried"
        text += f" with {self._sent} requests"
        text += f", {self._in_part} of them at a part of their boundaries" if self._in_part else ""
        return f"{text}; {self._stopped} ran out" if self._stopped else text


@contextmanager
def _ahead(acts: Iterator[tuple[Act, bool]], most: int) -> Iterator[Iterator[tuple[Act, bool]]]:
    """Yield at most so many of the acts, which another thread makes in the meantime; at the end it makes no more."""
    pool = ThreadPoolExecutor(1)
    try:
        coming = [pool.submit(next, acts, None) for _ in range(most)]
        yield (found for one in coming if (found := one.result()) is not None)
    finally:
        pool.shutdown(cancel_futures=True)
