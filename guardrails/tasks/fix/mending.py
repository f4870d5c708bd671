"""Applies fixes to one file until nothing more can be mended, and takes back what does not hold.

A rewrite counts only when the file still parses, the rule finds less than before, and no other
rule finds more; a second run then changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from guardrails.gates.architecture.fixes.text import Text
from guardrails.gates.architecture.fixing import Fix
from guardrails.gates.architecture.module import Found
from guardrails.model.frozen import frozen

_MOST_ROUNDS = 20

Look = Callable[[bytes], list[tuple[str, Found]]]


@frozen
class Mended:
    """One file before and after, what was done to it by rule id, what its rules still find, and the rules
    whose fixes were taken back."""

    before: bytes
    after: bytes
    done: Mapping[str, int]
    left: tuple[tuple[str, Found], ...] = ()
    refused: frozenset[str] = frozenset()


def mended(
    source: bytes,
    fixes: Mapping[str, Fix],
    look: Look,
    seen: Sequence[tuple[str, Found]] | None = None,
) -> Mended:
    """Return the file as the fixes make it; `look` returns what the rules find in a text of the file.

    `seen` is what was found in `source` already, which spares looking.
    """
    text, done = source, Counter[str]()
    refused: set[str] = set()
    found = look(text) if seen is None else list(seen)
    for _ in range(_MOST_ROUNDS):
        rule = next((rule for rule, _ in found if rule in fixes and rule not in refused), None)
        if rule is None:
            break
        lines = frozenset(one.line for name, one in found if name == rule)
        new = _rewritten(text, fixes[rule], lines)
        after = look(new) if new is not None and new != text else found
        if new is None or not _is_better(rule, found, after):
            refused.add(rule)
            continue
        done[rule] += _counted(found)[rule] - _counted(after)[rule]
        text, found = new, after
    return Mended(source, text, dict(done), tuple(found), frozenset(refused))


def _rewritten(source: bytes, fix: Fix, lines: frozenset[int]) -> bytes | None:
    """Return the file with the fix applied; None for one that this interpreter cannot parse."""
    try:
        text = Text(source)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None
    try:
        return text.edited(fix.edits(text, lines))
    except (UnicodeError, RecursionError):  # it has no form in the file's own encoding, or is nested too deep
        return None


def _is_better(rule: str, before: list[tuple[str, Found]], after: list[tuple[str, Found]]) -> bool:
    old, new = _counted(before), _counted(after)
    return new[rule] < old[rule] and all(new[name] <= old[name] for name in new)


def _counted(found: list[tuple[str, Found]]) -> Counter[str]:
    return Counter(rule for rule, _ in found)
