"""Whose consent counts, and for what: base's word, read on every run, and so apart from consent itself."""

from collections.abc import Mapping
from typing import Literal

from guardrails.model.frozen import field, frozen


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
