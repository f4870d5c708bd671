"""What one unquoted word of a policy file means.

YAML 1.1 and 1.2 read the same word differently (`on`, `010`, `1:30`, `1_000`). A policy must mean
one thing to its author, to the editor and to us, so such words are refused rather than guessed.
"""

import math
import re

from guardrails.adapters.policy.plain import Scalar, shown

_EXACT: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
_AMBIGUOUS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?(?:[eE][-+]?[0-9]{1,3})?\Z")
_ODD_NUMBER = re.compile(
    r"""[-+]?(?:
        [0-9][0-9_]*                           # leading zeros, underscores, too many digits
      | (?:[0-9][0-9_]*)?\.[0-9_]*(?:[eE][-+]?[0-9_]*)?
      | [0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9_]+
      | 0[xXoObB][0-9a-fA-F_]+
      | [0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
      | \.(?:inf|nan)
    )\Z""",
    re.VERBOSE | re.IGNORECASE,
)


# Line breaks that editors do not show as such, controls, and marks that reorder or hide text.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069"
    "\ud800-\udfff\ufeff\ufff9-\uffff\U000e0000-\U000e007f]"
)


class AmbiguousScalar(ValueError):
    """A word that YAML readers disagree about; the text says what to write instead."""


def plain_scalar(text: str) -> Scalar:
    """Return what unquoted `text` means; raises AmbiguousScalar where readers disagree.

    Dates stay text: only the type that expects one makes a date of it.
    """
    if text in _EXACT:
        return _EXACT[text]
    if text.lower() in _AMBIGUOUS:
        raise AmbiguousScalar(
            f"{text} means a truth value or nothing to some YAML readers and text to others; "
            f'write true, false or null, or quote it as "{text}" if it is text'
        )
    if not _may_be_number(text):
        return text
    return _number(text)


def _may_be_number(text: str) -> bool:
    return text[0] in "+-.0123456789" and any(character.isdigit() or character == "." for character in text)


def _number(text: str) -> Scalar:
    if _INTEGER.match(text):
        return int(text)
    if _DECIMAL.match(text) and math.isfinite(value := float(text)):
        return value
    if text not in {".", "-."} and (_DECIMAL.match(text) or _ODD_NUMBER.match(text)):
        raise AmbiguousScalar(
            f"{shown(text)} is read as different numbers by different YAML readers; "
            "write a plain decimal number, or quote it if it is text"
        )
    return text


def hidden_character(text: str) -> tuple[int, str] | None:
    """Return place and name (`U+202E`) of the first character that an editor would not show truthfully."""
    found = _HIDDEN.search(text)
    return (found.start(), f"U+{ord(found[0]):04X}") if found else None
