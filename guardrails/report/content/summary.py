"""What all formats agree on: the order and ids of findings, the counts, and the sentences about a run."""

from collections import Counter

from guardrails.model.change import Revision
from guardrails.model.finding import Effect, Finding, Status
from guardrails.model.frozen import frozen
from guardrails.model.verdict import GateOutcome, Outcome, Verdict
from guardrails.report.content.printable import one_line
from guardrails.report.format import Presentation

_RANK = {effect: rank for rank, effect in enumerate(Effect)}
_FINGERPRINT_SHOWN = 8
_REVISION_SHOWN = 12


@frozen
class Entry:
    """A finding with the id that it has in this report."""

    id: str
    finding: Finding


def entries_of(verdict: Verdict) -> tuple[Entry, ...]:
    """Return every finding in report order: by effect, then `sort_key`; ids tell repeats apart."""
    seen: Counter[str] = Counter()
    entries = []
    for finding in sorted(verdict.findings, key=_order):
        name = f"{finding.rule}-{finding.fingerprint[:_FINGERPRINT_SHOWN]}"
        seen[name] += 1
        entries.append(Entry(name if seen[name] == 1 else f"{name}.{seen[name]}", finding))
    return tuple(entries)


def _order(finding: Finding) -> tuple[object, ...]:
    # What follows sort_key only tells otherwise equal findings apart, whatever order they came in.
    return (
        _RANK[finding.effect],
        finding.sort_key,
        finding.gate,
        finding.status,
        finding.remedy,
        finding.status_reason,
        finding.location.symbol,
        finding.evidence_digest,
        repr(finding.evidence),
    )


def headline(verdict: Verdict) -> str:
    """Return what comes after the verdict word: counts by effect, what does not count, and gates."""
    effects = Counter(one.effect for one in verdict.findings if one.counts)
    found = ", ".join(f"{effects[effect]} {effect}" for effect in Effect if effects[effect])
    aside = sum(not one.counts for one in verdict.findings)
    glass = any(one.status is Status.APPROVED and one.effect is Effect.UNDECIDED for one in verdict.findings)
    parts = [
        "BREAK-GLASS" if glass else "",
        found or "no findings",
        f"{aside} not counted" if aside else "",
        "" if has_one_look(verdict) else _gates(verdict),
    ]
    return "; ".join(part for part in parts if part)


def _gates(verdict: Verdict) -> str:
    if not verdict.gates:
        return "no gate ran"
    outcomes = Counter(gate.outcome for gate in verdict.gates)
    passed = f"{outcomes[Outcome.PASS]} of {_counted(len(verdict.gates), 'gate')} passed"
    skipped = outcomes[Outcome.SKIPPED]
    return f"{passed}, {skipped} skipped" if skipped else passed


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def aside_of(verdict: Verdict) -> dict[Status, Counter[str]]:
    """Return the findings that do not count, as numbers by status and rule."""
    aside: dict[Status, Counter[str]] = {}
    for finding in verdict.findings:
        if not finding.counts:
            aside.setdefault(finding.status, Counter())[finding.rule] += 1
    return {status: aside[status] for status in Status if status in aside}


def approved_of(verdict: Verdict) -> tuple[tuple[Entry, str], ...]:
    """Return the approved findings with who consented, until when and why; all of it printable."""
    approved = (one for one in entries_of(verdict) if one.finding.status is Status.APPROVED)
    return tuple((one, one_line(one.finding.status_reason)) for one in approved)


def gates_of(verdict: Verdict) -> tuple[GateOutcome, ...]:
    """Return the gates by name."""
    return tuple(sorted(verdict.gates, key=lambda gate: gate.name))


def place_of(finding: Finding) -> str:
    """Return `path:line`, the path alone for a whole file, and nothing for the whole change."""
    place = finding.location
    return one_line(f"{place.path}:{place.line}" if place.path and place.line > 0 else place.path)


def revision(one: Revision) -> str:
    """Return how the user named a revision, with its commit, or its tree where there is none."""
    where = f"commit {one.commit[:_REVISION_SHOWN]}" if one.commit else f"tree {one.tree[:_REVISION_SHOWN]}"
    return one_line(f"{one.name} ({where})")


def is_look(verdict: Verdict) -> bool:
    """Whether files were looked at as they stand, compared with nothing: then there is no change to speak of."""
    change = verdict.change
    return change.whole_tree and not (change.base.commit or change.base.tree or change.head.commit)


def has_one_look(verdict: Verdict) -> bool:
    """Whether one gate looked at files and came to an end, so that the first word tells all of it."""
    return is_look(verdict) and len(verdict.gates) == 1 and verdict.outcome is not Outcome.UNDECIDED


def _about_look(verdict: Verdict) -> list[tuple[str, str]]:
    facts = [fact for gate in verdict.gates for fact in gate.facts]
    policy = f"{verdict.policy_source}; stage {verdict.stage}, harness {verdict.harness}"
    judged = "; ".join(fact.replace(" judged by ", " by ") for fact in facts)
    return [("judged", one_line(judged or "nothing")), ("policy", one_line(policy))]


def about(verdict: Verdict) -> list[tuple[str, str]]:
    """Return what was judged by what, as labelled sentences."""
    if is_look(verdict):
        return _about_look(verdict)
    change = verdict.change
    policy = f"{verdict.policy_source} (sha256 {verdict.policy_digest[:_REVISION_SHOWN]})"
    said = [
        ("base", revision(change.base)),
        ("head", revision(change.head)),
        ("chosen by", one_line(change.chosen_by)),
        ("policy", one_line(policy)),
        ("box", one_line(verdict.box)),
        ("harness", one_line(f"{verdict.harness}, stage {verdict.stage}")),
    ]
    if change.policy_base != change.base:
        said.insert(4, ("policy from", revision(change.policy_base)))
    if change.whole_tree:
        said.insert(2, ("note", "there is no base: every finding of the whole tree counts as new"))
    return said


def next_command(verdict: Verdict, presentation: Presentation) -> str:
    """Return the command to run next: the caller's, else the page of the worst finding, else git's."""
    if presentation.next_command:
        return one_line(presentation.next_command)
    for entry in entries_of(verdict):
        if entry.finding.counts:
            return one_line(f"guardrails explain {entry.finding.rule}")
    if verdict.outcome is Outcome.UNDECIDED:
        return "guardrails doctor"
    if not verdict.change.files:
        has_more = is_look(verdict) or verdict.change.head.commit
        return "guardrails review --worktree" if has_more else "git add"
    return "git push" if verdict.change.head.commit else "git commit"
