"""A rule: one thing that a gate looks for, and all that is said about it anywhere."""

from collections.abc import Mapping

from guardrails.model.change import Stage
from guardrails.model.evidence import Evidence
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.frozen import field, frozen


@frozen
class Example:
    """Code that shows a rule. `files` maps a path to its text; `base` is set for rules on a change."""

    files: Mapping[str, str]
    base: Mapping[str, str] | None = None


@frozen
class Rule:
    """The identity, reason, remedy and examples of one rule.

    `name` reads after "allow". `effect` is what a finding does unless base's policy says
    otherwise; `commit_effect` overrides it at the commit stage. A `final` rule can be neither
    disputed, approved nor softened by policy.
    """

    id: str
    name: str
    gate: str
    summary: str
    why: str
    remedy: str
    effect: Effect
    commit_effect: Effect | None = None
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()
    final: bool = False

    def effect_at(self, stage: Stage, overrides: Mapping[str, Effect]) -> Effect:
        """Return what a finding of this rule does at `stage` under base's overrides by rule id."""
        if not self.final and self.id in overrides:
            return overrides[self.id]
        if stage is Stage.COMMIT and self.commit_effect is not None:
            return self.commit_effect
        return self.effect


@frozen
class Report:
    """What one gate found: on head, and which fingerprints it finds on base's tree as well.

    `excused` are (fingerprint, why) of findings that base accepts where they stand.
    `facts` are stable sentences for the reader ("documents: 2 operations compared"),
    `measured` named numbers that differ from run to run.
    """

    findings: tuple[Finding, ...] = ()
    base_fingerprints: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    measured: Mapping[str, float] = field(default_factory=dict)
    excused: tuple[tuple[str, str], ...] = ()


@frozen
class Failure:
    """Why a gate gave no report: `kind` is the error's name, `message` what, where and what to do."""

    kind: str
    message: str
    measured: Mapping[str, float] = field(default_factory=dict)


def finding_of(
    rule: Rule,
    effect: Effect,
    location: Location,
    message: str,
    *,
    subject: str = "",
    remedy: str | None = None,
    evidence: tuple[Evidence, ...] = (),
) -> Finding:
    """Return a finding of `rule`; `remedy` replaces the rule's own where the place allows a better one."""
    return Finding(
        rule=rule.id,
        gate=rule.gate,
        effect=effect,
        location=location,
        message=message,
        remedy=rule.remedy if remedy is None else remedy,
        subject=subject,
        evidence=evidence,
    )
