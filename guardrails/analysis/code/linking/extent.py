"""How far things reach: all callers of a function, and all that is nested in one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from guardrails.analysis.code.facts import Scope

T = TypeVar("T")


def upward(symbols: Iterable[T], callers: Mapping[T, Sequence[T]]) -> set[T]:
    """Return the symbols and all that call them, directly or not."""
    found = set(symbols)
    queue = list(found)
    for symbol in queue:
        more = [one for one in callers[symbol] if one not in found]
        found.update(more)
        queue += more
    return found


def span(scopes: Sequence[Scope], found: Sequence[int]) -> tuple[int, int]:
    """Return the first and the last index, exclusive, of scopes within the first one found."""
    if not found:
        return 0, 0
    first = found[0]
    prefix = f"{scopes[first].name}."
    last = first + 1
    while last < len(scopes) and scopes[last].name.startswith(prefix):
        last += 1
    return first + 1, last
