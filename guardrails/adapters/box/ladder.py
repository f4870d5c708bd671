"""Which box this machine can give: the rungs, strongest first, each proved before it is used."""

from guardrails.adapters.box.bubblewrap import BubblewrapBox
from guardrails.model.errors import BoxError
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Box


def strongest(minimum: BoxLevel, *, allow_unsandboxed: bool = False) -> Box:  # noqa: ARG001
    """Return the strongest box of this machine that is at least `minimum`; raises BoxError."""
    box = BubblewrapBox()
    if box.level.strength < minimum.strength:
        raise BoxError(f"policy asks for {minimum}, this machine has {box.level}")
    return box
