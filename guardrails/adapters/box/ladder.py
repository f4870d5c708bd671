"""Which box this machine can give: the rungs, strongest first, each proved before it is used.

A rung counts only after a small program in it has failed to get out, because kernels, containers
and security modules forbid parts of what the rungs need in ways that no version number tells.
"""

import functools
import sys
from collections.abc import Collection

from guardrails.model.errors import BoxError
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Box

_REMEDY = (
    "install bubblewrap (`apt-get install bubblewrap`, `dnf install bubblewrap`) and allow user namespaces"
    " (Ubuntu: `sysctl kernel.apparmor_restrict_unprivileged_userns=0`; containers: a seccomp profile that"
    " permits them), or use Linux 6.12 or newer with Landlock"
)


def strongest(
    minimum: BoxLevel,
    *,
    allow_unsandboxed: bool = False,
    box_levels_allowed: Collection[BoxLevel] = tuple(BoxLevel),
) -> Box:
    """Return the strongest box of this machine that is at least `minimum`; raises BoxError.

    With `allow_unsandboxed` a weaker box, and in the end none, is better than no answer.
    """
    if sys.platform != "linux":
        raise BoxError(f"there is no box on {sys.platform}; run Guardrails in a Linux container or machine")
    reasons = []
    for level in BoxLevel:
        if level not in box_levels_allowed or (level.strength < minimum.strength and not allow_unsandboxed):
            continue
        if level is BoxLevel.NONE:
            if allow_unsandboxed:
                return rung(level)
            continue
        reason = why_not(level)
        if not reason:
            return rung(level)
        reasons.append(f"{level}: {reason}")
    tried = "; ".join(reasons) or "no level was allowed"
    raise BoxError(f"no box of level {minimum} or stronger works here ({tried}); {_REMEDY}")


def rung(level: BoxLevel) -> Box:
    """Return the box of exactly this level, unproved."""
    # Imported when used: the rungs need Linux, and importing the ladder must not.
    from guardrails.adapters.box import bubblewrap, landlock, unconfined, unshare  # noqa: PLC0415

    boxes: dict[BoxLevel, Box] = {
        BoxLevel.BUBBLEWRAP: bubblewrap.BubblewrapBox(),
        BoxLevel.UNSHARE: unshare.UnshareBox(),
        BoxLevel.LANDLOCK: landlock.LandlockBox(),
        BoxLevel.NONE: unconfined.UnconfinedBox(),
    }
    return boxes[level]


@functools.cache
def why_not(level: BoxLevel) -> str:
    """Return why the rung does not hold on this machine, or nothing; proved once per process."""
    from guardrails.adapters.box.probe import escapes  # noqa: PLC0415 - see rung

    try:
        escaped = escapes(rung(level))
    except BoxError as error:
        return str(error)
    return f"it does not hold: {', '.join(escaped)}" if escaped else ""
