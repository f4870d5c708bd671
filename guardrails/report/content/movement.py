"""How the items of a ranking moved, as rows that a terminal and a drawing can both show."""

from bisect import bisect_left

from guardrails.model.evidence import Movement
from guardrails.model.frozen import frozen


@frozen
class Row:
    """One item with its rank (from 1) on base and on head; None where it is absent."""

    item: str
    base: int | None
    head: int | None

    @property
    def sign(self) -> str:
        """What became of the item: `new`, `gone`, an arrow with the number of ranks, or nothing."""
        if self.base is None:
            return "new"
        if self.head is None:
            return "gone"
        if self.base == self.head:
            return ""
        return f"↑{self.base - self.head}" if self.head < self.base else f"↓{self.head - self.base}"


def rows_of(movement: Movement) -> tuple[Row, ...]:
    """Return a row for each item: those of head in its order, then those that are gone in base's."""
    base, head = _ranks(movement.base), _ranks(movement.head)
    kept = [Row(item, base.get(item), rank) for item, rank in head.items()]
    gone = [Row(item, rank, None) for item, rank in base.items() if item not in head]
    return tuple(kept + gone)


def _ranks(items: tuple[str, ...]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for rank, item in enumerate(items, start=1):
        ranks.setdefault(item, rank)
    return ranks


def moved_items(movement: Movement) -> frozenset[str]:
    """Return the items that came, went or overtook others, and not those that they only pushed along.

    What stays is a longest common subsequence of the two orders, found by patience sorting
    (Schensted, "Longest increasing and decreasing subsequences", 1961).
    """
    base, head = _ranks(movement.base), _ranks(movement.head)
    kept = [item for item in head if item in base]
    staying = _longest_rise([base[item] for item in kept])
    return frozenset({*base, *head} - {kept[at] for at in staying})


def _longest_rise(numbers: list[int]) -> set[int]:
    """Return the positions of one longest rising subsequence of distinct `numbers`."""
    ends: list[int] = []  # the smallest number that ends a rise of each length
    places: list[int] = []  # its position
    before: list[int] = []
    for at, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1] = [number]
        places[length : length + 1] = [at]
    rise: set[int] = set()
    at = places[-1] if places else -1
    while at >= 0:
        rise.add(at)
        at = before[at]
    return rise


def ranks_shown(movement: Movement, most: int) -> tuple[int, ...]:
    """Return at most `most` ranks: those at which something moved, then their neighbours, rising."""
    longest = max(len(movement.base), len(movement.head))
    moved = moved_items(movement)
    pairs = [(movement.base[at : at + 1], movement.head[at : at + 1]) for at in range(longest)]
    ranks = [rank for rank, (old, new) in enumerate(pairs, 1) if moved & {*old, *new}]
    # Repeated items move without moving: the first difference then stands for them.
    ranks = ranks or [rank for rank, (old, new) in enumerate(pairs, 1) if old != new][:1] or [1]
    chosen = dict.fromkeys(ranks[:most])
    # Past this distance every rank has been met, or there is room for no more.
    for distance in range(1, most):
        for rank in ranks[:most]:
            chosen |= dict.fromkeys((rank - distance, rank + distance))
    return tuple(sorted([rank for rank in chosen if 0 < rank <= longest][:most]))
