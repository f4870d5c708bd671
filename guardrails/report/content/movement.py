"""How the items of a ranking moved, as rows that a terminal and a drawing can both show."""

from dataclasses import dataclass

from guardrails.model.evidence import Movement


@dataclass(frozen=True, slots=True)
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


def window(movement: Movement, most: int) -> tuple[int, int]:
    """Return the ranks, first and last, that show the first difference in at most `most` rows."""
    longest = max(len(movement.base), len(movement.head))
    differs = (at for at in range(longest) if movement.base[at : at + 1] != movement.head[at : at + 1])
    first = max(0, next(differs, 0) - 1)
    first = max(0, min(first, longest - most))
    return first + 1, min(first + most, longest)
