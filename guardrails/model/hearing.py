"""Everything that bears on consent to one change; apart from the other nouns, since most changes ask nobody."""

from guardrails.model.approval import Approval, Dispute, Rejection
from guardrails.model.frozen import frozen


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
