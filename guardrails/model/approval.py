"""Consent and objection: who said yes to exactly which finding, and who says a rule is wrong."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from guardrails.model.frozen import field, frozen


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
class ApprovalTerms:
    """Whether and by whom the findings of some rules may be approved.

    `approvable` says whether they may be approved at all.
    `approvers` is how many different approvers it takes.
    `by` lists the approvers who may; everybody in `policies/approvers` when left out.
    """

    approvable: bool = True
    approvers: int = 1
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.approvers < 1:
            raise ValueError("approvers is less than 1; to allow no approval write `approvable: false`")
        if self.by and len({name.casefold() for name in self.by}) < self.approvers:
            raise ValueError(f"by names fewer than {self.approvers} approvers; name more, or ask for fewer")


@frozen
class ApprovalPolicy:
    """Whose consent counts, and for what.

    `keys` says which keys may sign: `touch`, only those on a token that wants to be touched, or `any`.
    `own_changes` says whether an author may approve a change of his own.
    `bots` lists names that can approve nothing.
    `approvers` is how many different approvers a finding takes where `rules` says nothing else.
    `rules` gives rules, by id or by the name of their gate, terms of their own.
    `owners` lists, by path, the only ones who may approve a finding there; the longest path counts.
    """

    keys: Literal["touch", "any"] = "touch"
    own_changes: bool = False
    bots: tuple[str, ...] = ()
    approvers: int = 1
    rules: Mapping[str, ApprovalTerms] = field(default_factory=dict)
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.approvers < 1:
            raise ValueError("approvers is less than 1; a finding takes at least one approver")

    def terms_of(self, rule: str, gate: str) -> ApprovalTerms:
        """Return the terms of a rule: its own, else those of its gate, else those for all."""
        return self.rules.get(rule) or self.rules.get(gate) or ApprovalTerms(approvers=self.approvers)

    def owners_of(self, path: str) -> tuple[str, ...]:
        """Return who alone may approve a finding at `path`; nobody in particular gives an empty tuple."""
        owned = [one for one in self.owners if one in {".", path} or path.startswith(one.rstrip("/") + "/")]
        return self.owners[max(owned, key=lambda one: (one != ".", len(one.rstrip("/"))))] if owned else ()
