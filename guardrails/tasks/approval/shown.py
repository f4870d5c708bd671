"""What an approver sees before he signs: exactly what he consents to, and nothing that could pass for ours."""

from collections.abc import Iterator, Sequence

from guardrails.model.approval import Approval
from guardrails.model.finding import Effect, Finding
from guardrails.report.content.printable import one_line, sentence
from guardrails.report.content.proof import proof_lines
from guardrails.report.content.summary import place_of

_WIDTH = 96
_SENTENCE = 800
_MOST_LISTED = 50


def listing(findings: Sequence[Finding]) -> str:
    """Return the findings that count and are no notes, one a line with its id."""
    open_ones = [one for one in findings if one.counts and one.effect is not Effect.NOTE]
    lines = [
        f"  {one.rule}-{one.fingerprint[:8]}  {one.effect.value:<9}  {place_of(one) or 'the whole change'}"
        f"  {sentence(one.message, _WIDTH)}"
        for one in sorted(open_ones, key=lambda one: one.sort_key)
    ]
    if not lines:
        return "nothing of this change waits for an approval"
    more = [f"  and {len(lines) - _MOST_LISTED} more"] if len(lines) > _MOST_LISTED else []
    return "\n".join(["what waits for a repair or an approval:", *map(one_line, lines[:_MOST_LISTED]), *more])


def consent_text(approvals: Sequence[tuple[Approval, Sequence[Finding]]], signer: str, needed: int) -> str:
    """Return the text that says to what the approver consents, as whom and until when."""
    first = approvals[0][0]
    lines = ["You consent to this, and to nothing else:"]
    for approval, alike in approvals:
        lines += ["", *_about(approval, alike)]
    lines += [
        "",
        f"change      {first.change_digest}",
        f"repository  {one_line(first.repository)}",
        f"as          {one_line(signer)}",
        f"until       {first.expires}",
        f"because     {sentence(first.reason, _SENTENCE)}",
        "",
        "Any other push, proof, finding or repository voids it.",
    ]
    if needed > 1:
        lines.append(f"It takes effect once {needed} different approvers have signed.")
    return "\n".join(lines)


def _about(approval: Approval, alike: Sequence[Finding]) -> Iterator[str]:
    finding = alike[0]
    if finding.effect is Effect.UNDECIDED:
        yield "BREAK-GLASS: the harness could not judge this, and the change would pass unjudged."
    yield one_line(f"{finding.effect} {finding.rule}  {place_of(finding) or 'the whole change'}")
    yield f"  {sentence(finding.message, _SENTENCE)}"
    if len(alike) > 1:
        places = ", ".join(place_of(one) for one in alike[:_MOST_LISTED])
        yield f"  {len(alike)} of these are alike, and you consent to all: {places}"
    if finding.location.symbol or finding.subject:
        yield f"  about: {sentence(f'{finding.location.symbol} {finding.subject}'.strip(), _SENTENCE)}"
    for one in finding.evidence:
        yield from (f"  | {line}" for line in proof_lines(one, _WIDTH))
    yield f"  fingerprint {approval.fingerprint}"
    yield f"  evidence    {approval.evidence_digest}"
