"""Findings, baseline, waivers, approvals and disputes in; outcomes out. Pure, and property-tested.

Nothing here can improve a verdict by adding a finding, and no gate that policy requires can end
without an outcome: silence and failure both become an `undecided` finding of the harness.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from guardrails.engine.plan import Plan, PlannedGate
from guardrails.engine.rules import COULD_NOT_JUDGE, LOST_SERVICE, NO_CHANGE, NO_OUTCOME, NOTHING_PLANNED
from guardrails.model.finding import Effect, Finding, Location, Status
from guardrails.model.frozen import frozen, replace
from guardrails.model.policy import Policy, Service
from guardrails.model.rule import Failure, Report, Rule, finding_of
from guardrails.model.verdict import GateOutcome, Outcome, outcome_of, worst
from guardrails.model.waiver import Waiver

if TYPE_CHECKING:
    from guardrails.model.approval import Approval, Dispute


@frozen
class Ledger:
    """What may settle a finding: base's policy, verified approvals, the day, and which rules are final.

    `repository` is what approvals must have been given for; `authors` are the names and addresses
    of those who wrote the change, as far as they are known; `disputes` are the change's own.
    """

    policy: Policy
    today: date
    change_digest: str = ""
    approvals: "tuple[Approval, ...]" = ()
    final_rules: frozenset[str] = frozenset()
    repository: str = ""
    authors: tuple[str, ...] = ()
    disputes: "tuple[Dispute, ...]" = ()


@frozen
class Judgement:
    """The outcome of all, of each gate, and every finding with its status."""

    outcome: Outcome
    gates: tuple[GateOutcome, ...]
    findings: tuple[Finding, ...]


def judge(
    plan: Plan, results: Mapping[str, Report | Failure], ledger: Ledger, besides: Sequence[Finding] = ()
) -> Judgement:
    """Return the judgement of a plan's results and of the findings that no gate gave.

    The order of results and of findings does not matter.
    """
    if not plan.gates:
        nothing = _harness_finding(NOTHING_PLANNED, plan.stage.value, "no gate is planned for this stage")
        return Judgement(Outcome.UNDECIDED, (), (nothing,))
    known = _Known(ledger.policy.baseline.counted(), list(ledger.policy.waivers))
    gates: list[GateOutcome] = []
    findings: list[Finding] = []
    for planned in plan.gates:
        outcome, settled = _judged(planned, results.get(planned.name), known, ledger)
        gates.append(outcome)
        findings.extend(settled)
    settled = [_settled(finding, known, ledger) for finding in besides]
    findings.extend(settled)
    overall = worst([*(gate.outcome for gate in gates), outcome_of(settled)])
    if overall is Outcome.SKIPPED:
        overall = Outcome.PASS
    return Judgement(overall, tuple(gates), tuple(sorted(findings, key=_report_order)))


def _judged(
    planned: PlannedGate, result: Report | Failure | None, known: "_Known", ledger: Ledger
) -> tuple[GateOutcome, list[Finding]]:
    if planned.skip_reason is not None:
        return GateOutcome(planned.name, Outcome.SKIPPED, planned.skip_reason), []
    if result is None:
        raw = [_harness_finding(NO_OUTCOME, planned.name, f"the {planned.name} gate gave no outcome")]
        facts: tuple[str, ...] = ()
    elif isinstance(result, Failure):
        raw = [_harness_finding(COULD_NOT_JUDGE, planned.name, result.message, result.kind)]
        facts = ()
    else:
        raw, facts = _excused(_with_age(result, known.baseline), result, ledger.final_rules), result.facts
    settled = [_settled(finding, known, ledger) for finding in raw]
    outcome = outcome_of(settled)
    return GateOutcome(planned.name, outcome, _reason(outcome, settled), facts), settled


def _with_age(report: Report, baseline: Counter[str]) -> list[Finding]:
    """Mark as old what base has too, as often as base has it; the worst-placed ones first stay new."""
    on_base = Counter(report.base_fingerprints)
    aged: list[Finding] = []
    for finding in sorted(report.findings, key=lambda one: one.sort_key):
        for known, status in ((on_base, Status.OLD), (baseline, Status.BASELINED)):
            if known[finding.fingerprint] > 0:
                known[finding.fingerprint] -= 1
                aged.append(replace(finding, status=status))
                break
        else:
            aged.append(finding)
    return aged


def _excused(findings: list[Finding], report: Report, final: frozenset[str]) -> list[Finding]:
    """Mark as waived what base accepts where it stands, each excuse once; a final rule takes none."""
    reasons: dict[str, list[str]] = {}
    for fingerprint, reason in report.excused:
        reasons.setdefault(fingerprint, []).append(reason)
    settled = []
    for one in findings:
        held = reasons.get(one.fingerprint) if one.status is Status.NEW and one.rule not in final else None
        settled.append(replace(one, status=Status.WAIVED, status_reason=held.pop()) if held else one)
    return settled


def _settled(finding: Finding, known: "_Known", ledger: Ledger) -> Finding:
    """Return the finding with what base's waivers, approvals and disputes make of it."""
    waiver = None if finding.rule in ledger.final_rules else known.take_waiver(finding, ledger.today)
    if finding.status is not Status.NEW:
        return finding
    if waiver is not None:
        reason = f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
        return replace(finding, status=Status.WAIVED, status_reason=reason)
    if finding.rule in ledger.final_rules:
        return finding
    if not ledger.approvals and not ledger.disputes:
        return finding
    from guardrails.engine.consent import approved, disputed  # noqa: PLC0415 - most changes bring neither

    return approved(finding, ledger) or disputed(finding, ledger) or finding


class _Known:
    """What is still unused of baseline and waivers; each entry settles one finding, so a twin is new."""

    def __init__(self, baseline: Counter[str], waivers: list[Waiver]) -> None:
        self.baseline = baseline
        self.waivers = waivers

    def take_waiver(self, finding: Finding, today: date) -> Waiver | None:
        for waiver in self.waivers:
            if waiver.covers(finding.fingerprint, finding.rule, today):
                self.waivers.remove(waiver)
                return waiver
        return None


def _harness_finding(rule: Rule, gate: str, message: str, subject: str = "") -> Finding:
    finding = finding_of(rule, rule.effect, Location(path="", symbol=gate), message, subject=subject)
    return replace(finding, gate=gate or rule.gate)


def _reason(outcome: Outcome, findings: Sequence[Finding]) -> str:
    counted = [one for one in findings if one.counts]
    deciding = [one for one in counted if outcome_of([one]) is outcome]
    if outcome is Outcome.PASS:
        approved = [one for one in findings if one.status is Status.APPROVED]
        if any(one.effect is Effect.UNDECIDED for one in approved):
            return "it did not judge, and was let through by break-glass"
        settled = len(findings) - len(counted) - len(approved)
        parts = (
            f"{len(counted)} to note" if counted else "nothing new",
            f"{settled} known" if settled else "",
            f"{len(approved)} approved" if approved else "",
        )
        return ", ".join(part for part in parts if part)
    first = min(deciding, key=_report_order)
    more = f", and {len(deciding) - 1} more" if len(deciding) > 1 else ""
    return f"{first.rule} {first.message}{more}"


_EFFECT_ORDER = {Effect.BLOCK: 0, Effect.UNDECIDED: 1, Effect.REVIEW: 2, Effect.NOTE: 3}


def _report_order(finding: Finding) -> tuple[bool, int, tuple[str | int, ...]]:
    return (not finding.counts, _EFFECT_ORDER[finding.effect], finding.sort_key)


def lost_services(services: Sequence[Service], paths: Collection[str]) -> tuple[Finding, ...]:
    """Return a finding for each service that owns none of `paths`, those of base and of head."""
    return tuple(
        _harness_finding(
            LOST_SERVICE,
            "",
            f"service {one.name}: neither base nor head has a file under {', '.join(one.paths)}"
            + _elsewhere(one, paths),
            one.name,
        )
        for one in services
        if not any(one.owns(path) for path in paths)
    )


def _elsewhere(service: Service, paths: Collection[str]) -> str:
    """Return where a folder of that name lies instead, as with code under `src`."""
    for part in service.paths:
        inner = f"/{part.rstrip('/').rpartition('/')[2]}/"
        found = {f"/{path}".partition(inner)[0] + inner for path in paths if inner in f"/{path}"}
        if found:
            return f"; there is {min(found).strip('/')}"
    return ""


def unreadable(message: str) -> Judgement:
    """Return the judgement of a change that could not be made out at all."""
    return Judgement(Outcome.UNDECIDED, (), (_harness_finding(NO_CHANGE, "", message),))
