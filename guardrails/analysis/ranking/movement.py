"""Classes of movement between two orders of the same question, and which score part moved them.

The classes are coarse on purpose: a reader decides differently about another order, another set
and a shorter list, and no number can buy one for another.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from guardrails.model.frozen import frozen

_EQUAL = 1e-9


class MovementKind(StrEnum):
    """How an order moved, mildest first."""

    NONE = "none"
    REORDER = "reorder"
    SET = "set"


@frozen
class Item:
    """One ranked item: its id and the named parts of its score, as the service reports them."""

    id: str
    parts: Mapping[str, float]


def kind_of(base: Sequence[str], head: Sequence[str]) -> MovementKind:
    """Return `none` for the same ids in the same order, `reorder` for the same ids, else `set`."""
    if list(base) == list(head):
        return MovementKind.NONE
    return MovementKind.REORDER if sorted(base) == sorted(head) else MovementKind.SET


def first_difference(base: Sequence[str], head: Sequence[str]) -> int:
    """Return the first position, from 0, at which the two orders differ."""
    for position, (old, new) in enumerate(zip(base, head, strict=False)):
        if old != new:
            return position
    return min(len(base), len(head))


def cause_of(base: Sequence[Item], head: Sequence[Item]) -> str:
    """Return the score part that differs most over the items both lists hold, or an empty string.

    Differences are summed as absolute values in score units; ties go to the earlier name.
    """
    before = {item.id: item.parts for item in base}
    total: dict[str, float] = {}
    for item in head:
        if item.id not in before:
            continue
        for name in {*before[item.id], *item.parts}:
            difference = abs(item.parts.get(name, 0.0) - before[item.id].get(name, 0.0))
            total[name] = total.get(name, 0.0) + difference
    moved = {name: amount for name, amount in total.items() if amount > _EQUAL}
    return min(moved, key=lambda name: (-moved[name], name), default="")
