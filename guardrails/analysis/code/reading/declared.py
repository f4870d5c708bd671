"""The two newer ways to declare that real code uses most, written the older way without a parser.

Type parameters and `type` statements of PEP 695 make one file in twelve of a large modern package
unreadable to Python 3.11, and libcst needs thirty times as long for it as `ast`. What this makes of
a file counts only if `ast` then reads it; at worst a text inside a string lost some words.
"""

import re

_INSIDE = rb"[^\[\]()]*(?:(?:\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]|\([^()]*\))[^\[\]()]*)*"
_ALIAS = re.compile(rb"^([ \t]*)type[ \t]+(\w+)[ \t]*(\[" + _INSIDE + rb"\])?[ \t]*=", re.MULTILINE)
_PARAMETERS = re.compile(
    rb"^([ \t]*(?:async[ \t]+def|def|class)[ \t]+\w+)\[(" + _INSIDE + rb")\][ \t]*([(:])", re.MULTILINE
)


def declared_the_older_way(source: bytes) -> bytes | None:
    """Return the source without type parameters and `type` keywords, on the same lines; None where it has none."""
    changed, aliases = _ALIAS.subn(_assignment, source)
    changed, parameters = _PARAMETERS.subn(_plain, changed)
    return changed if aliases or parameters else None


def _assignment(found: "re.Match[bytes]") -> bytes:
    return found[1] + found[2] + b" " + _breaks(found[3] or b"") + b"="


def _plain(found: "re.Match[bytes]") -> bytes:
    # A line break may stand only inside the parentheses that follow; a class without any has no room for it.
    lines = found[2].count(b"\n")
    if lines and found[3] != b"(":
        return found[0]
    return found[1] + found[3] + b"\n" * lines


def _breaks(text: bytes) -> bytes:
    return b"\\\n" * text.count(b"\n")
