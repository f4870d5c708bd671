"""Findings that one change would mend: those whose call chains end at the same call.

Each is told to the judge by itself, since each can be new, waived or approved by itself. A reader wants
them once, with all the places that lead there.
"""

from collections.abc import Iterable

from guardrails.model.evidence import CallChain
from guardrails.model.finding import Finding
from guardrails.model.frozen import frozen
from guardrails.report.content.summary import Entry


@frozen
class Cause:
    """The finding to show, and the code by which the others come to the same call."""

    entry: Entry
    others: tuple[str, ...] = ()


def causes_of(entries: Iterable[Entry]) -> tuple[Cause, ...]:
    """Return the entries in their order, those of one cause folded into the one with the shortest chain."""
    groups: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        groups.setdefault(_cause(entry), []).append(entry)
    return tuple(_folded(group) for group in groups.values())


def _cause(entry: Entry) -> tuple[str, ...]:
    finding = entry.finding
    last = next((one.steps[-1] for one in finding.evidence if isinstance(one, CallChain) and one.steps), None)
    if last is None:
        return (entry.id,)
    return finding.rule, finding.effect, finding.status, last.symbol, last.path


def _folded(group: list[Entry]) -> Cause:
    shown = min(group, key=lambda entry: _steps(entry.finding))
    others = dict.fromkeys(one.finding.location.symbol for one in group if one is not shown)
    return Cause(shown, tuple(name for name in others if name != shown.finding.location.symbol))


def _steps(finding: Finding) -> int:
    return min((len(one.steps) for one in finding.evidence if isinstance(one, CallChain)), default=0)
