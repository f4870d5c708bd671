"""What approvals and disputes make of a finding, by base's policy alone. Pure, and imported only when one is given.

Every approval that reaches this module was verified; here it is held against the finding, the day
and the terms. The answer to each is exact, so that whoever gave it knows what to do.
"""

from collections.abc import Callable, Iterator, Sequence

from guardrails.engine.judge import Judgement, Ledger
from guardrails.engine.rules import NOT_ACCEPTED, NOT_HEARD
from guardrails.model.approval import Approval, Hearing, Rejection
from guardrails.model.finding import Effect, Finding, Location, Status
from guardrails.model.frozen import frozen, replace
from guardrails.model.policy import ApprovalTerms
from guardrails.model.rule import finding_of

_BREAK_GLASS_APPROVERS = 2
_MOST_SHOWN = 20
_DIGITS = 12


@frozen
class Settled:
    """A judgement with consent counted: the approvals that settled a finding, and what has to be said aloud of them."""

    judgement: Judgement
    approvals: tuple[Approval, ...]
    remarks: tuple[str, ...]


def heard(
    hearing: Hearing, ledger: Ledger, judged: Callable[[Ledger, Sequence[Finding]], Judgement]
) -> Settled:
    """Judge again with what was said; whatever of it settles nothing becomes a note with the reason."""
    ledger = replace(
        ledger,
        approvals=hearing.approvals,
        repository=hearing.repository,
        authors=hearing.authors,
        disputes=hearing.disputes,
    )
    notes = tuple(unheard(ledger, judged(ledger, ()).findings, hearing.refused, hearing.broken))
    judgement = judged(ledger, notes)
    used = applied(ledger, judgement.findings)
    return Settled(judgement, used, tuple(remarks(ledger, judgement.findings, used)))


def approved(finding: Finding, ledger: Ledger) -> Finding | None:
    """Return the finding as approved, or None where not enough approvers consented to exactly it."""
    if finding.effect is Effect.NOTE:
        return None
    held: dict[str, Approval] = {}
    for one in sorted(
        ledger.approvals, key=lambda one: (one.approver, str(one.expires), one.reason, one.source)
    ):
        if one.fingerprint == finding.fingerprint and not refusal(one, finding, ledger):
            held.setdefault(one.approver.casefold(), one)
    if not held or len(held) < needed(finding, ledger):
        return None
    given = "; ".join(_said(one) for one in held.values())
    word = "let through (break-glass) by" if finding.effect is Effect.UNDECIDED else "approved by"
    return replace(finding, status=Status.APPROVED, status_reason=f"{word} {given}")


def disputed(finding: Finding, ledger: Ledger) -> Finding | None:
    """Return the finding as one to review, its block disputed by the author, or None."""
    if finding.effect is not Effect.BLOCK or not ledger.policy.allows_disputes:
        return None
    for one in ledger.disputes:
        if one.fingerprint == finding.fingerprint:
            return replace(finding, effect=Effect.REVIEW, status=Status.DISPUTED, status_reason=one.reason)
    return None


def _said(one: Approval) -> str:
    until = f" until {one.expires}" if one.expires else ""
    return f"{one.approver}{until}: {one.reason.strip()}"


def needed(finding: Finding, ledger: Ledger) -> int:
    """Return how many different approvers it takes to settle the finding."""
    least = _BREAK_GLASS_APPROVERS if finding.effect is Effect.UNDECIDED else 1
    return max(least, _terms(finding, ledger).approvers)


def _terms(finding: Finding, ledger: Ledger) -> ApprovalTerms:
    return ledger.policy.approvals.terms_of(finding.rule, finding.gate)


def refusal(one: Approval, finding: Finding, ledger: Ledger) -> str:
    """Return why a verified approval does not hold for the finding of its fingerprint; empty where it does."""
    return (
        _unbound(one, finding, ledger)
        or ineligible(one.approver, finding, ledger)
        or _incomplete(one, finding)
    )


def _unbound(one: Approval, finding: Finding, ledger: Ledger) -> str:
    if one.repository != ledger.repository:
        return "it was given for another repository"
    if one.change_digest != ledger.change_digest:
        return f"it was given for another change ({one.change_digest[:_DIGITS]}); any push voids an approval"
    if one.evidence_digest != finding.evidence_digest:
        return "it was given for other evidence; look at the finding again"
    if one.expires is not None and ledger.today > one.expires:
        return f"it expired on {one.expires}"
    return ""


def _incomplete(one: Approval, finding: Finding) -> str:
    if finding.effect is Effect.UNDECIDED and (one.expires is None or not one.reason.strip()):
        return "break-glass takes a reason and a last day"
    return ""


def ineligible(approver: str, finding: Finding, ledger: Ledger) -> str:
    """Return why `approver` cannot consent to the finding under base's policy; empty where he can."""
    return _not_approvable(finding, ledger) or _not_entitled(approver, finding, ledger)


def _not_approvable(finding: Finding, ledger: Ledger) -> str:
    if finding.rule in ledger.final_rules:
        return f"{finding.rule} is final; nobody approves it"
    if finding.effect is Effect.UNDECIDED and not ledger.policy.allows_break_glass:
        return "nothing undecided is approved where base's policy does not allow break_glass"
    if not _terms(finding, ledger).approvable:
        return f"base's policy lets nobody approve {finding.rule}"
    return ""


def _not_entitled(approver: str, finding: Finding, ledger: Ledger) -> str:
    policy, name = ledger.policy, approver.casefold()
    allowed = _terms(finding, ledger).by
    owners = policy.approvals.owners_of(finding.location.path)
    objections = {
        f"{approver} is not in base's policies/approvers": approver not in policy.approvers,
        f"{approver} is listed as a bot in base's policy": name in _folded(policy.approvals.bots),
        f"base's policy lets only {', '.join(allowed)} approve {finding.rule}": bool(allowed)
        and approver not in allowed,
        f"base's policy lets only {', '.join(owners)} approve what is in {finding.location.path}": bool(
            owners
        )
        and approver not in owners,
        f"{approver} is an author of the change; another approver has to look at it": (
            not policy.approvals.own_changes and _is_author(name, ledger.authors)
        ),
    }
    return next((text for text, holds in objections.items() if holds), "")


def _folded(names: Sequence[str]) -> set[str]:
    return {name.casefold() for name in names}


def _is_author(name: str, authors: Sequence[str]) -> bool:
    """Whether a name is an author's; a bare name is also what stands before the @ of an address."""
    known = _folded(authors)
    return name in known or any(
        name.partition("@")[0] == one.partition("@")[0] for one in known if "@" not in one or "@" not in name
    )


def applied(ledger: Ledger, findings: Sequence[Finding]) -> tuple[Approval, ...]:
    """Return the approvals that settled a finding, in a fixed order."""
    settled = [one for one in findings if one.status is Status.APPROVED]
    used = [
        one
        for one in ledger.approvals
        if any(one.fingerprint == each.fingerprint and not refusal(one, each, ledger) for each in settled)
    ]
    return tuple(sorted(used, key=lambda one: (one.fingerprint, one.approver, str(one.expires), one.reason)))


def remarks(ledger: Ledger, findings: Sequence[Finding], approvals: Sequence[Approval]) -> Iterator[str]:
    """Yield what every report has to say aloud about the approvals that settled something."""
    for one in findings:
        if one.status is Status.APPROVED and one.effect is Effect.UNDECIDED:
            yield f"BREAK-GLASS: {one.rule} {one.message}; it was not judged, and {one.status_reason}"
    if approvals and not ledger.authors and not ledger.policy.approvals.own_changes:
        yield (
            "nobody knows who wrote the change, so an approver may have approved his own; name authors by --author"
        )
    untouched = sorted({one.key for one in approvals if one.key and not one.key.startswith("sk-")})
    if untouched:
        yield (
            f"base's policy takes approvals from keys that nobody has to touch (approvals.keys: any); here"
            f" {', '.join(untouched)}, which an agent with access to the key could have used"
        )


def unheard(
    ledger: Ledger, findings: Sequence[Finding], refused: Sequence[Rejection], broken: Sequence[Rejection]
) -> Iterator[Finding]:
    """Yield a note for each approval and dispute that settled nothing, with the reason; at most a few of each."""
    noted = [*refused, *_refused(ledger, findings)]
    yield from (_note(one) for one in noted[:_MOST_SHOWN])
    if len(noted) > _MOST_SHOWN:
        more = f"{len(noted) - _MOST_SHOWN} more approvals are not accepted; they are not shown"
        yield finding_of(NOT_ACCEPTED, Effect.NOTE, Location("", symbol="approvals"), more, subject="more")
    for one in broken[:_MOST_SHOWN]:
        yield _unheard(f"the dispute in {one.source} is not heard: {one.reason}", one.source)
    for dispute in ledger.disputes[:_MOST_SHOWN]:
        alike = [finding for finding in findings if finding.fingerprint == dispute.fingerprint]
        if not any(finding.status in {Status.DISPUTED, Status.APPROVED} for finding in alike):
            what = (
                f"the dispute of {dispute.fingerprint[:_DIGITS]} is not heard: {_unheard_for(alike, ledger)}"
            )
            yield _unheard(what, dispute.fingerprint)


def _refused(ledger: Ledger, findings: Sequence[Finding]) -> Iterator[Rejection]:
    for one in ledger.approvals:
        alike = [finding for finding in findings if finding.fingerprint == one.fingerprint]
        reasons = [_refused_for(one, finding, ledger) for finding in alike]
        if all(reasons):
            reason = reasons[0] if reasons else "no finding of this verdict has its fingerprint"
            yield Rejection(one.source, reason, one.approver, one.fingerprint)


def _refused_for(one: Approval, finding: Finding, ledger: Ledger) -> str:
    """Return why an approval did not settle a settled finding; one of several approvers too few is a reason too."""
    if finding.status is Status.APPROVED:
        return refusal(replace(one, source=""), finding, ledger)
    if not finding.counts:
        return f"it is not needed: the finding is {finding.status} and does not count"
    if finding.effect is Effect.NOTE:
        return "it is not needed: a note stops no change"
    return refusal(one, finding, ledger) or f"{finding.rule} takes {needed(finding, ledger)} approvers"


def _note(one: Rejection) -> Finding:
    who = f" by {one.approver}" if one.approver else ""
    what = f" of {one.fingerprint[:_DIGITS]}" if one.fingerprint else ""
    message = f"the approval{what}{who} ({one.source}) is not accepted: {one.reason}"
    subject = f"{one.source} {one.fingerprint}"
    return finding_of(NOT_ACCEPTED, Effect.NOTE, Location("", symbol="approvals"), message, subject=subject)


def _unheard(message: str, subject: str) -> Finding:
    return finding_of(NOT_HEARD, Effect.NOTE, Location("", symbol="disputes"), message, subject=subject)


def _unheard_for(alike: Sequence[Finding], ledger: Ledger) -> str:
    if not ledger.policy.allows_disputes:
        return "base's policy does not allow disputes"
    if not alike:
        return "no finding of this verdict has that fingerprint"
    if any(finding.rule in ledger.final_rules for finding in alike):
        return f"{alike[0].rule} is final; repair what it found"
    return f"the finding does not block ({alike[0].status}, {alike[0].effect})"
