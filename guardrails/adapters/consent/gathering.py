"""Everything that bears on consent to one change, brought together: approvals, who wrote it, what it disputes."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from pathlib import Path

from guardrails.adapters.consent.disputes import disputes_in
from guardrails.adapters.consent.hearing import Expected, Handed, heard
from guardrails.adapters.consent.places import handed_in
from guardrails.adapters.consent.refs import authors_of, root_of, stored
from guardrails.adapters.git.inputs import Opened
from guardrails.adapters.git.repository import Repository
from guardrails.adapters.policy.approvers import Signer, signers_in
from guardrails.adapters.policy.files import APPROVERS, FOLDER
from guardrails.model.approval import Hearing
from guardrails.model.policy import Policy


def gathered(
    opened: Opened,
    policy: Policy,
    today: date,
    fingerprints: Collection[str],
    places: Sequence[Path],
    named_authors: Sequence[str],
) -> Hearing:
    """Return the verified approvals of a change from `places` and from the repository's own store, and the rest.

    Raises UsageError for a place that is not there.
    """
    expected = Expected(
        repository=repository_of(opened, policy),
        change_digest=opened.change.digest,
        fingerprints=fingerprints,
        signers=signers_of(opened, policy),
        keys=policy.approvals.keys,
        today=today,
    )
    approvals, refused = heard((*handed_in(places), *_stored(opened.repository)), expected)
    disputes, broken = disputes_in(opened.change, opened.head)
    authors = writers_of(opened, named_authors) if approvals else ()
    return Hearing(expected.repository, authors, approvals, refused, disputes, broken)


def repository_of(opened: Opened, policy: Policy) -> str:
    """Return what approvals of this repository are bound to: its name in base's policy, else its first commit."""
    if policy.repository:
        return f"name:{policy.repository}"
    commit = opened.change.policy_base.commit
    root = root_of(opened.repository, commit) if commit else ""
    return f"root:{root}" if root else ""


def signers_of(opened: Opened, policy: Policy) -> tuple[Signer, ...]:
    """Return base's approvers with their keys; none where base's policy knows no approver."""
    path = f"{FOLDER}/{APPROVERS}"
    content = opened.policy.read(path) if policy.approvers else None
    return tuple(one for one in signers_in(path, content or b"") if one.key)


def writers_of(opened: Opened, named: Sequence[str]) -> tuple[str, ...]:
    """Return who wrote the change: those whom the caller named, and those whom its commits name."""
    base, head = opened.change.base.commit, opened.change.head.commit
    said = authors_of(opened.repository, base, head) if base and head else ()
    return (*named, *said)


def _stored(repository: Repository) -> Iterator[Handed]:
    for name, content in stored(repository):
        if content is None:
            yield Handed(name, fault="it cannot be read, or is too large for an approval", is_named=False)
        else:
            yield Handed(name, content, is_named=False)
