"""Judges head's answers to base's scenarios by base's own answers to them.

Head's goldens play no part: the reference is what base's code answers today.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from guardrails.analysis.ranking.movement import MovementKind, cause_of, kind_of
from guardrails.analysis.replay.scenarios import Scenario, scenarios_in
from guardrails.gates.golden import rules
from guardrails.gates.golden.answers import OK, Answer, answers_of, base_answers
from guardrails.gates.golden.constraints import violations_of
from guardrails.gates.golden.settings import Settings
from guardrails.model.evidence import Evidence, Movement, Witness
from guardrails.model.finding import Finding, Location
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.rule import Report, Rule, finding_of

_KIND_RULES = {MovementKind.SET: rules.SET_MOVED, MovementKind.REORDER: rules.ORDER_MOVED}


def report_on(context: Context) -> Report:
    """Return what moved between base and head, and what head breaks, in every service with a contract."""
    findings: list[Finding] = []
    facts: list[str] = []
    on_base: list[str] = []
    for service in context.services:
        if service.contract:
            found, known, fact = _judge(context, service)
            findings += found
            on_base += known
            facts.append(fact)
    return Report(tuple(findings), tuple(on_base), tuple(facts))


def _judge(context: Context, service: Service) -> tuple[list[Finding], list[str], str]:
    settings = context.policy.settings_for("golden", Settings)
    scenarios, bad = scenarios_in(context.base, f"{service.contract}/{settings.scenarios}")
    findings = [_finding(context, service, rules.UNUSABLE, str(error), subject=str(error)) for error in bad]
    if not scenarios:
        message = f"{service.name} has no scenario under {service.contract}/{settings.scenarios}"
        return (
            [*findings, _finding(context, service, rules.NO_SCENARIOS, message)],
            [],
            f"{service.name}: no scenario",
        )
    base = base_answers(context, service, scenarios)
    head = answers_of(context, service, context.head, scenarios, hash_seed=1)
    again = answers_of(context, service, context.head, list(reversed(scenarios)), hash_seed=2)
    usable = [one for one in scenarios if base[one.name].is_ranking]
    findings += _unusable(context, service, scenarios, base)
    findings += _unanswered(context, service, usable, base, head)
    answered = [one for one in usable if head[one.name].is_ranking]
    findings += _unstable(context, service, answered, head, again)
    findings += _moved(context, service, answered, base, head)
    findings += list(_broken(context, service, answered, head))
    known = [one.fingerprint for one in _broken(context, service, usable, base)]
    return findings, known, f"{service.name}: {len(usable)} scenarios answered by base and head"


def _finding(
    context: Context,
    service: Service,
    rule: Rule,
    message: str,
    *,
    subject: str = "",
    evidence: tuple[Evidence, ...] = (),
) -> Finding:
    place = Location(path=service.contract, symbol=service.name)
    return finding_of(rule, context.effect_of(rule), place, message, subject=subject, evidence=evidence)


def _unusable(
    context: Context, service: Service, scenarios: Sequence[Scenario], base: Mapping[str, Answer]
) -> list[Finding]:
    return [
        _finding(
            context,
            service,
            rules.UNUSABLE,
            f"{one.path}: base itself {_ending_of(base[one.name])}",
            subject=one.name,
        )
        for one in scenarios
        if not base[one.name].is_ranking
    ]


def _ending_of(answer: Answer) -> str:
    """Return how a request ended that brought no ranking."""
    if not answer.status:
        return f"is silent: {answer.body}"
    if answer.ranked is None and answer.status == OK:
        return "answers this scenario without a list of items where policies/golden.yaml looks for it"
    return f"answers this scenario with status {answer.status}"


def _unanswered(
    context: Context,
    service: Service,
    scenarios: Sequence[Scenario],
    base: Mapping[str, Answer],
    head: Mapping[str, Answer],
) -> list[Finding]:
    failed = [one for one in scenarios if not head[one.name].is_ranking]
    if not failed:
        return []
    evidence = tuple(
        Witness(
            _curl(one), f"{base[one.name].status}", f"{head[one.name].status} {head[one.name].body[:200]}"
        )
        for one in failed[: context.policy.settings_for("golden", Settings).shown_movements]
    )
    message = f"head does not answer {_named([one.name for one in failed])}, which base answers"
    subject = " ".join(sorted({f"{one.method} {one.target}" for one in failed}))
    return [_finding(context, service, rules.SCENARIO_FAILED, message, subject=subject, evidence=evidence)]


def _curl(scenario: Scenario) -> str:
    body = scenario.body.decode("utf-8", "backslashreplace").replace("'", "'\\''")
    return f"curl -X {scenario.method} -H 'content-type: application/json' -d '{body}' http://localhost{scenario.target}"


def _unstable(
    context: Context,
    service: Service,
    scenarios: Sequence[Scenario],
    first: Mapping[str, Answer],
    second: Mapping[str, Answer],
) -> list[Finding]:
    differing = [one for one in scenarios if first[one.name].order != second[one.name].order]
    if not differing:
        return []
    evidence = _movements(context, differing, first, second)
    message = f"two launches of head answer {_named([one.name for one in differing])} in different orders"
    return [_finding(context, service, rules.UNSTABLE, message, evidence=evidence)]


def _moved(
    context: Context,
    service: Service,
    scenarios: Sequence[Scenario],
    base: Mapping[str, Answer],
    head: Mapping[str, Answer],
) -> Iterator[Finding]:
    by_kind: defaultdict[MovementKind, list[Scenario]] = defaultdict(list)
    for one in scenarios:
        by_kind[kind_of(base[one.name].order, head[one.name].order)].append(one)
    for kind, rule in _KIND_RULES.items():
        moved = by_kind[kind]
        if moved:
            cause = cause_of(base[moved[0].name].items, head[moved[0].name].items)
            via = f", by score part {cause!r}" if cause else ""
            what = "another set" if kind is MovementKind.SET else "another order"
            message = f"head answers {_named([one.name for one in moved])} with {what} than base{via}"
            evidence = _movements(context, moved, base, head)
            subject = " ".join(sorted(one.name for one in moved))
            yield _finding(context, service, rule, message, subject=subject, evidence=evidence)


def _movements(
    context: Context,
    scenarios: Sequence[Scenario],
    base: Mapping[str, Answer],
    head: Mapping[str, Answer],
) -> tuple[Evidence, ...]:
    settings = context.policy.settings_for("golden", Settings)
    return tuple(
        Movement(
            scenario=one.name,
            kind=kind_of(base[one.name].order, head[one.name].order),
            base=base[one.name].order,
            head=head[one.name].order,
            cause=cause_of(base[one.name].items, head[one.name].items),
        )
        for one in scenarios[: settings.shown_movements]
    )


def _broken(
    context: Context, service: Service, scenarios: Sequence[Scenario], answers: Mapping[str, Answer]
) -> Iterator[Finding]:
    settings = context.policy.settings_for("golden", Settings)
    by_name = {one.name: one for one in scenarios}
    by_constraint = defaultdict(list)
    for violation in violations_of(context, service, scenarios, answers):
        by_constraint[violation.constraint].append(violation)
    for constraint, broken in sorted(by_constraint.items()):
        names = [one.scenario for one in broken]
        message = f"constraint {constraint!r} is broken in {_named(names)}: {broken[0].sentence}"
        evidence = tuple(
            Witness(_curl(by_name[one.scenario]), "keeps the constraint", one.sentence)
            for one in broken[: settings.shown_movements]
        )
        yield _finding(
            context, service, rules.CONSTRAINT_BROKEN, message, subject=constraint, evidence=evidence
        )


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:2])
    return shown if len(names) <= 2 else f"{shown} and {len(names) - 2} more scenarios"  # noqa: PLR2004 - two are named
