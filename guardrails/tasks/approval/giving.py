"""An approver consents: the findings are found, shown, signed with his key, verified as any reader would, and kept."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from guardrails.adapters.cache import FileCache, user_folder
from guardrails.adapters.clock import SystemClock
from guardrails.adapters.consent.document import MAX_REASON, message_of
from guardrails.adapters.consent.gathering import repository_of, signers_of, writers_of
from guardrails.adapters.consent.hearing import Expected, Handed, heard
from guardrails.adapters.consent.keygen import sign
from guardrails.adapters.consent.refs import store
from guardrails.adapters.git.inputs import Opened
from guardrails.adapters.policy.approvers import Signer
from guardrails.engine.consent import ineligible, needed
from guardrails.engine.judge import Ledger
from guardrails.model.approval import Approval
from guardrails.model.errors import UsageError
from guardrails.model.finding import Effect, Finding
from guardrails.model.frozen import frozen, replace
from guardrails.model.policy import Policy
from guardrails.tasks.approval.key import key_line, public_key
from guardrails.tasks.approval.shown import consent_text, listing
from guardrails.tasks.approval.stored import StoredReport, report_in
from guardrails.wiring import Question, answer, catalog, opened_change

_SHORTEST_PREFIX = 4


@frozen
class Wish:
    """What the approver asks to sign: findings by fingerprint or report id, why, until when, with which key."""

    names: tuple[str, ...]
    reason: str
    until: date
    key: Path


@frozen
class _Grounds:
    """What consent rests on: the opened change, base's word, and the findings."""

    opened: Opened
    policy: Policy
    ledger: Ledger
    signers: tuple[Signer, ...]


def approvable(question: Question, report: Path | None) -> str:
    """Return a list of what could be approved, with its ids; judges the change unless a report is given."""
    question, stored = _named(question, report)
    grounds = _opened(question)
    with grounds.opened:
        return listing(_findings(question, stored, grounds))


def given(
    question: Question, report: Path | None, wish: Wish, output: Path | None, agreed: Callable[[str], bool]
) -> Iterator[str]:
    """Sign what the wish names once `agreed` to the text that is shown; yield where each approval was kept.

    Raises UsageError for what cannot be approved, with the reason, before anything is signed.
    """
    question, stored = _named(question, report)
    grounds = _opened(question)
    with grounds.opened:
        signer = _signer(wish.key, grounds)
        _check(wish, grounds)
        findings = _findings(question, stored, grounds)
        chosen = [_chosen(name, findings) for name in wish.names]
        _check_eligible(signer, [one for alike in chosen for one in alike], grounds)
        approvals = {_approval(wish, signer, alike[0], grounds): alike for alike in chosen}
        most = max(needed(one, grounds.ledger) for alike in chosen for one in alike)
        if not agreed(consent_text(list(approvals.items()), signer.described, most)):
            raise UsageError("nothing was signed")
        for approval, alike in approvals.items():
            content = _signed(approval, alike[0], wish.key, grounds)
            yield _kept(content, output, grounds, is_only=len(approvals) == 1)


def _named(question: Question, report: Path | None) -> tuple[Question, StoredReport | None]:
    """Return the question whose change is meant, and the report, where one is given."""
    if report is None:
        return question, None
    stored = report_in(report)
    if stored.base is None or stored.head is None:
        raise UsageError(
            f"--verdict {report}: it is about no two commits; name the change itself, as in --staged"
        )
    return replace(question, base=stored.base, head=stored.head), stored


def _findings(question: Question, stored: StoredReport | None, grounds: _Grounds) -> tuple[Finding, ...]:
    """Return the findings of the report, else of judging here; raises UsageError where they are another change's."""
    digest, findings = (stored.change_digest, stored.findings) if stored else _judged(question)
    if digest != grounds.ledger.change_digest:
        raise UsageError("the change is not the one that was judged; judge it again, then approve")
    return findings


def _judged(question: Question) -> tuple[str, tuple[Finding, ...]]:
    verdict = answer(question)
    return verdict.change.digest, verdict.findings


def _opened(question: Question) -> _Grounds:
    opened, policy = opened_change(question, FileCache(user_folder(os.environ)))
    try:
        ledger = Ledger(
            policy,
            SystemClock().today(),
            opened.change.digest,
            final_rules=frozenset(rule.id for rule in catalog().rules() if rule.final),
            repository=repository_of(opened, policy),
            authors=writers_of(opened, question.authors),
        )
        return _Grounds(opened, policy, ledger, signers_of(opened, policy))
    except BaseException:
        opened.close()
        raise


def _chosen(name: str, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings of the one fingerprint that is named, by its beginning or by an id of a report."""
    digits = name.rpartition("-")[2].partition(".")[0].lower()
    alike = {one.fingerprint: one for one in findings if one.fingerprint.startswith(digits)}
    if len(digits) < _SHORTEST_PREFIX or not alike:
        raise UsageError(f"{name!a} names no finding of this change\n{listing(findings)}")
    if len(alike) > 1:
        raise UsageError(f"{name!a} is the beginning of {' and '.join(sorted(alike))}; give more digits")
    (finding,) = alike.values()
    counting = [one for one in findings if one.fingerprint == finding.fingerprint and one.counts]
    if not counting:
        said = f": {finding.status_reason}" if finding.status_reason else ""
        raise UsageError(f"{name!a} does not count, it is {finding.status}{said}")
    if counting[0].effect is Effect.NOTE:
        raise UsageError(f"{name!a} is a note, which stops no change; there is nothing to approve")
    if len({one.evidence_digest for one in counting}) > 1:
        raise UsageError(f"{name!a} stands for findings with different proofs; have the author part them")
    return tuple(counting)


def _signer(key: Path, grounds: _Grounds) -> Signer:
    public = public_key(key)
    owner = next((one for one in grounds.signers if one.key == public), None)
    if owner is None:
        known = ", ".join(dict.fromkeys(one.name for one in grounds.signers)) or "nobody"
        raise UsageError(
            f"--key {key}: base's policies/approvers does not list this key (it knows keys of {known});"
            f" a change of its own adds it: your name and `{key_line(public)}`"
        )
    return owner


def _check(wish: Wish, grounds: _Grounds) -> None:
    if not wish.reason.strip() or len(wish.reason) > MAX_REASON:
        raise UsageError(f"--reason is blank or longer than {MAX_REASON} characters; say why in a sentence")
    if wish.until < grounds.ledger.today:
        raise UsageError(f"--until {wish.until} is past; give the last day on which the approval holds")
    if not grounds.ledger.repository:
        raise UsageError(
            "this repository cannot be recognised: fetch its whole history, or let base's policy name it (`repository`)"
        )


def _check_eligible(signer: Signer, chosen: Sequence[Finding], grounds: _Grounds) -> None:
    for one in chosen:
        if reason := ineligible(signer.name, one, grounds.ledger):
            raise UsageError(f"{one.rule} ({one.fingerprint}) cannot be approved: {reason}")


def _approval(wish: Wish, signer: Signer, finding: Finding, grounds: _Grounds) -> Approval:
    return Approval(
        approver=signer.name,
        change_digest=grounds.ledger.change_digest,
        fingerprint=finding.fingerprint,
        evidence_digest=finding.evidence_digest,
        reason=wish.reason.strip(),
        expires=wish.until,
        repository=grounds.ledger.repository,
    )


def _signed(approval: Approval, finding: Finding, key: Path, grounds: _Grounds) -> bytes:
    """Return the signed document, verified as every reader will; raises UsageError where it would be refused."""
    message = message_of(approval, finding.rule)
    content = message + sign(message, key)
    expected = Expected(
        repository=approval.repository,
        change_digest=approval.change_digest,
        fingerprints={approval.fingerprint},
        signers=grounds.signers,
        keys=grounds.policy.approvals.keys,
        today=grounds.ledger.today,
    )
    _, refused = heard([Handed("this approval", content)], expected)
    if refused:
        raise UsageError(f"the approval would not be accepted: {refused[0].reason}")
    return content


def _kept(content: bytes, output: Path | None, grounds: _Grounds, *, is_only: bool) -> str:
    if output is None:
        return store(grounds.opened.repository, content)
    name = f"{hashlib.sha256(content).hexdigest()[:20]}.approval"
    place = output / name if output.is_dir() or not is_only else output
    try:
        with place.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(
            f"--output {place}: {error.strerror}; name a new file, or a folder that is there"
        ) from error
    return str(place)
