"""A call that may wait for ever gets a bound of ten seconds, to be set to what the deadline allows."""

import ast
import re
from collections.abc import Iterator

from guardrails.gates.architecture.fixes.text import Edit, Text
from guardrails.gates.architecture.fixing import Fix

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "urlopen"})
_BOUND = "timeout=10"
_BLANK = re.compile(r"(?:\s|\\\r?\n|#[^\r\n]*)*")


def _edits(text: Text, lines: frozenset[int]) -> Iterator[Edit]:
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Call) and node.lineno in lines and _is_unbounded(node):
            edit = _bounding(text, node)
            if edit is not None:
                yield edit


def _is_unbounded(call: ast.Call) -> bool:
    is_verb = isinstance(call.func, ast.Attribute) and call.func.attr in _VERBS
    return is_verb and all(one.arg != "timeout" for one in call.keywords)


def _bounding(text: Text, call: ast.Call) -> Edit | None:
    """Return the argument behind the others, laid out as they are: on a line of its own where they are."""
    given: list[ast.expr] = sorted([*call.args, *(one.value for one in call.keywords)], key=text.begin)
    if not given:
        place = text.end(call) - 1
        return Edit(place, place, _BOUND)
    closing = text.end(call) - 1
    if text.end(given[-1]) > closing:
        return None  # a generator that shares its parentheses with the call
    place, has_comma = _after(text, text.end(given[-1]), closing)
    between = ", "
    if has_comma and len(given) > 1:
        before, _ = _after(text, text.end(given[-2]), closing)
        gap = text.between(before, _begin(text, call, given[-1]))
        between = gap if gap.strip() == "," else between
    return Edit(place, place, f"{between}{_BOUND}")


def _begin(text: Text, call: ast.Call, value: ast.expr) -> int:
    """Return where an argument begins, with its name."""
    named = next((one for one in call.keywords if one.value is value), None)
    if named is None:
        return text.begin(value)
    return text.line_begin(named.lineno) + named.col_offset


def _after(text: Text, end: int, closing: int) -> tuple[int, bool]:
    """Return where an argument ends, its own parentheses included, and whether a comma follows."""
    place = end
    rest = text.between(end, closing)
    at = 0
    while True:
        blank = _BLANK.match(rest, at)
        at = blank.end() if blank else at
        if at >= len(rest) or rest[at] != ")":
            return place, rest[at : at + 1] == ","
        at += 1
        place = end + len(rest[:at].encode("utf-8"))


FIX = Fix("GR103", safe=False, says=f"pass {_BOUND}; set it to what the deadline allows", edits=_edits)
