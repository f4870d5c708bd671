"""The four words, for each gate and for the whole change, with everything that led to them."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from guardrails.model.change import Change, Stage
from guardrails.model.finding import Effect, Finding
from guardrails.model.frozen import field, frozen

if TYPE_CHECKING:
    from guardrails.model.approval import Approval


class Outcome(StrEnum):
    """What a gate, or the whole verdict, says. `skipped` is for gates alone."""

    BLOCK = "block"
    UNDECIDED = "undecided"
    REVIEW = "review"
    PASS = "pass"  # noqa: S105 - a word of the verdict, not a secret
    SKIPPED = "skipped"


_SEVERITY = {Outcome.BLOCK: 4, Outcome.UNDECIDED: 3, Outcome.REVIEW: 2, Outcome.PASS: 1, Outcome.SKIPPED: 0}
_OUTCOME_OF = {
    Effect.BLOCK: Outcome.BLOCK,
    Effect.UNDECIDED: Outcome.UNDECIDED,
    Effect.REVIEW: Outcome.REVIEW,
    Effect.NOTE: Outcome.PASS,
}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the worst outcome: block > undecided > review > pass > skipped."""
    return max(outcomes, key=_SEVERITY.__getitem__, default=Outcome.SKIPPED)


def outcome_of(findings: Iterable[Finding]) -> Outcome:
    """Return the outcome that the findings which still count add up to; none at all is `pass`."""
    return worst([Outcome.PASS, *(_OUTCOME_OF[one.effect] for one in findings if one.counts)])


@frozen
class GateOutcome:
    """What one gate said, and in one sentence why."""

    name: str
    outcome: Outcome
    reason: str
    facts: tuple[str, ...] = ()


@frozen
class Verdict:
    """The answer to a change. Everything but `measured` is the same for the same input.

    `approvals` are those that settled a finding.
    """

    outcome: Outcome
    stage: Stage
    change: Change
    gates: tuple[GateOutcome, ...]
    findings: tuple[Finding, ...]
    policy_source: str
    policy_digest: str
    harness: str
    box: str
    notes: tuple[str, ...] = ()
    approvals: "tuple[Approval, ...]" = ()
    measured: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
