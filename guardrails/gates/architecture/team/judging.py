"""Judges one tree by the team's own rules, and says which of their programs could not judge."""

import re
from collections.abc import Iterable, Iterator, Sequence

from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.asking.broken import BROKEN_RULE
from guardrails.gates.architecture.judging import Side, finding_in
from guardrails.gates.architecture.team.declared import found_in, rule_of
from guardrails.gates.architecture.team.order import Broken, Reported
from guardrails.model.errors import CannotJudge
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.gate import Context
from guardrails.model.rule import Rule, finding_of

_OWN_ID = re.compile(r"(?!GR\d)[A-Z][A-Z0-9]{0,15}\d\Z")


def team_findings(context: Context, side: Side, paths: Sequence[str]) -> tuple[Finding, ...]:
    """Return what the rules of `policies/rules/` find in `paths` of one tree."""
    rules = context.policy.team_rules
    if not rules or not paths:
        return ()
    judged = [path for path in paths if path in side.graph.modules.paths]
    return (
        *_declared(context, side, judged),
        *(_programmed(context, side, judged) if rules.programs else ()),
    )


def _declared(context: Context, side: Side, paths: Iterable[str]) -> Iterator[Finding]:
    for path in paths:
        module = side.module(path)
        if module.facts.unparsable:
            continue
        for declared in context.policy.team_rules.declared:
            rule = rule_of(declared)
            if not matches(path, side.settings.exempt.get(rule.id, ())):
                yield from (finding_in(context, rule, module, one) for one in found_in(declared, module))


def _programmed(context: Context, side: Side, paths: Sequence[str]) -> Iterator[Finding]:
    # Only a team that has written programs pays for what runs them.
    from guardrails.gates.architecture.team.programs import as_found, reports_of  # noqa: PLC0415

    programs = context.policy.team_rules.programs
    try:
        found, broken = reports_of(
            context.laboratory, programs, side.graph.code.tree, paths, side.settings.roots
        )
    except CannotJudge as error:
        found, broken = (), tuple(Broken(path, str(error)) for path in programs)
    for one in found:
        if one.path not in paths or not _OWN_ID.match(one.rule) or one.effect is Effect.UNDECIDED:
            broken = (*broken, Broken("policies/rules", f"{one.rule} reports what is not its own to report"))
            continue
        if not matches(one.path, side.settings.exempt.get(one.rule, ())):
            module = side.module(one.path)
            yield finding_in(context, _rule(one), module, as_found(one, len(module.facts.scopes)))
    yield from (_cannot_judge(one) for one in broken)


def _rule(one: Reported) -> Rule:
    return Rule(one.rule, one.name, "architecture", one.summary, "", one.remedy, one.effect)


def _cannot_judge(one: Broken) -> Finding:
    message = f"{one.path} could not judge: {ascii(one.reason)[1:-1]}"
    remedy = "Mend the rule; `guardrails rules test` runs its examples."
    return finding_of(
        BROKEN_RULE,
        BROKEN_RULE.effect,
        Location(one.path),
        message,
        subject=one.path,
        remedy=remedy,
    )
