"""Which differences of policy let more through than before, each named in words.

What the policy file is called and what its keys are called decide the direction; a difference
whose direction is unknown is still shown, only not called a weakening.
"""

import re
from posixpath import basename

from guardrails.gates.integrity.documents.configuration import Value, listed
from guardrails.gates.integrity.documents.flat import Difference

_EFFECTS = ("note", "review", "undecided", "block")
_BOXES = ("none", "landlock", "unshare", "bubblewrap")
_FLOORS = re.compile(
    r"(min|floor|approvers|availability|coverage|power|confidence|repeats|samples|scenarios|threshold_kill)"
)
_ALLOWING = re.compile(r"(allow|ignore|exempt|exclude|except|skip|waive|plugins|permit)")
_FLAGS_ON = re.compile(
    r"^(allows?_|disabled?$|skip|optional|disputes$|break_glass$|own_changes$|approvable$)"
)
_CONSENT = re.compile(r"approvals/(keys$|owners/|rules/[^/]+/by$)")
_FLAGS_OFF = re.compile(r"^(enabled?$|required?$|strict)")


def weakening_of(path: str, one: Difference) -> str:
    """Return how the difference loosens policy, in a few words; empty when it is not known to."""
    key = one.pointer.rsplit("/", 1)[-1]
    if re.match(_CONSENT, one.pointer):
        return _consent(key, one)
    if isinstance(one.before, bool) or isinstance(one.after, bool):
        return _flag(key, one)
    for scale, what in ((_EFFECTS, "effect"), (_BOXES, "minimum box")):
        if str(one.before) in scale and str(one.after) in (*scale, "None"):
            lower = one.after is None or scale.index(str(one.after)) < scale.index(str(one.before))
            return f"{what} lowered" if lower else ""
        if one.before is None and scale is _EFFECTS and one.after in {"note", "review"}:
            return "effect lowered"
    if _is_number(one.before) and (_is_number(one.after) or one.after is None):
        return _number(path, key, one)
    return _entries(key, one)


def _consent(key: str, one: Difference) -> str:
    """Return how the terms of approvals let more people consent, or more easily."""
    if key == "keys":
        return "keys that nobody has to touch may sign" if one.after == "any" else ""
    won = [item for item in listed(one.after) if item not in listed(one.before)]
    if one.after is None:
        return "everybody in policies/approvers may consent"
    return f"also lets {', '.join(won)} consent" if won and one.before is not None else ""


def _flag(key: str, one: Difference) -> str:
    if _FLAGS_ON.search(key) and one.after is True:
        return f"{key} switched on"
    if _FLAGS_OFF.search(key) and one.before is True:
        return f"{key} switched off"
    return ""


def _number(path: str, key: str, one: Difference) -> str:
    if one.after is None:
        return "limit removed"
    old, new = float(str(one.before)), float(str(one.after))
    if _FLOORS.search(key):
        return "floor lowered" if new < old else ""
    what = "budget" if "budget" in basename(path) else "limit"
    return f"{what} raised" if new > old else ""


def _entries(key: str, one: Difference) -> str:
    lost = [item for item in listed(one.before) if item not in listed(one.after)]
    won = [item for item in listed(one.after) if item not in listed(one.before)]
    if _ALLOWING.search(one.pointer):
        return f"also allows {', '.join(won)}" if won else ""
    if one.after is None or lost:
        what = "gate removed" if key == "gates" else f"{key} removed"
        return f"{what}: {', '.join(lost)}" if lost else what
    return ""


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
