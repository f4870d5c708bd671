"""Consent and objection: who said yes to exactly which finding, and who says a rule is wrong."""

from datetime import date

from guardrails.model.frozen import frozen


@frozen
class Approval:
    """A named approver's consent, bound to change digest, fingerprint and evidence digest.

    Any push that alters one of the three voids it. Whether the signature is good is found out
    before an Approval is made; only verified ones reach the judge. `repository` tells for which
    repository it was given, `source` where it was found, and `key` the type of the key that
    signed it.
    """

    approver: str
    change_digest: str
    fingerprint: str
    evidence_digest: str
    reason: str
    expires: date | None = None
    repository: str = ""
    source: str = ""
    key: str = ""

    def is_bound_to(self, change_digest: str, fingerprint: str, evidence_digest: str, today: date) -> bool:
        """Whether this consent is for exactly that finding of exactly that change, and still holds."""
        bound = (self.change_digest, self.fingerprint, self.evidence_digest)
        unexpired = self.expires is None or today <= self.expires
        return bound == (change_digest, fingerprint, evidence_digest) and unexpired


@frozen
class Rejection:
    """A document that was handed in as an approval and settles nothing, and exactly why.

    What it says of itself (`approver`, `fingerprint`) may be forged; it is shown, never believed.
    """

    source: str
    reason: str
    approver: str = ""
    fingerprint: str = ""


@frozen
class Dispute:
    """An author's record that a rule or test is wrong. Its text is hostile input: shown, never obeyed."""

    fingerprint: str
    author: str
    reason: str


@frozen
class Hearing:
    """What was said for and against the findings of one change.

    `approvals` are verified; `refused` are documents that are no approvals of this change, and
    `broken` files that are no disputes. `repository` is what approvals have to be given for,
    `authors` names and addresses of those who wrote the change.
    """

    repository: str
    authors: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()
    refused: tuple[Rejection, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    broken: tuple[Rejection, ...] = ()
