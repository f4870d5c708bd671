"""Re-ranking: no run of one artist, no run of one kind, and pinned slots.

A choice by slot and not a penalty on the score: the promise holds whatever the model says, and the score that
an answer shows stays the model's own. It looks no further down the list than it must, since a list is long and
what is shown of it is short.
"""

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from reference_service.ranking.nouns import MovedBy, Spacing

NOTHING: Collection[str] = frozenset()
MOST_WAITING = 64
"""So many are looked through one by one; of more, lanes find the best."""


class Placed(NamedTuple):
    """One slot: the position, from 0, that its item has by score alone, and what moved it."""

    position: int
    moved_by: MovedBy | None


MOST_UNMOVED = 500
_UNMOVED = tuple(Placed(position, None) for position in range(MOST_UNMOVED))


def space(
    rows: Sequence[int],
    artists: Sequence[str],
    kinds: Sequence[str],
    *,
    spacing: Spacing,
    limit: int,
    before: Iterable[tuple[str, str]] = (),
    pinned: Mapping[int, int] | None = None,
) -> list[Placed]:
    """Return at most `limit` slots of the items in these rows, which are given best first.

    Each slot goes to the item that repeats no artist of the `artist_gap` slots before it, of those to one that
    repeats no kind of the `kind_gap` slots before it, of those to the best. A slot, from 0, of `pinned` goes to
    the position that it names, whatever stands before it. `before` names the artist and kind heard last.
    `artists` and `kinds` are columns that the rows index. Takes O(n + limit * kinds * log n) at worst and
    O(limit) mostly.
    """
    heard = list(before)
    if not pinned:
        simply = space_simply(rows, artists, kinds, spacing, limit, heard)
        if simply is not None:
            return simply
    pins = pinned or {}
    queue = _Queue(rows, artists, kinds, spacing, frozenset(pins.values()))
    chosen: list[int] = []
    for slot in range(min(limit, len(rows))):
        recent = [artist for artist, _ in heard[-spacing.artist_gap :]] if spacing.artist_gap else NOTHING
        resting = [kind for _, kind in heard[-spacing.kind_gap :]] if spacing.kind_gap else NOTHING
        position = pins[slot] if slot in pins else queue.take(recent, resting)
        chosen.append(position)
        heard.append((artists[rows[position]], kinds[rows[position]]))
    return _explained(chosen, queue.held, frozenset(pins.values()))


def space_simply(
    rows: Sequence[int],
    artists: Sequence[str],
    kinds: Sequence[str],
    spacing: Spacing,
    limit: int,
    before: Iterable[tuple[str, str]],
) -> list[Placed] | None:
    """Return what `space` does without pins, or None where both columns are spaced, something must repeat or many
    wait: what more rows below these could not change, and what takes no lanes.
    """
    if spacing.artist_gap and spacing.kind_gap:
        return None
    by_artist = spacing.artist_gap > 0
    gap, column = (spacing.artist_gap, artists) if by_artist else (spacing.kind_gap, kinds)
    moved: MovedBy = "spacing" if by_artist else "diversity"
    window = deque([artist if by_artist else kind for artist, kind in before], maxlen=gap)
    return _spaced(rows, column, window, min(limit, len(rows)), moved)


def _spaced(
    rows: Sequence[int], column: Sequence[str], window: deque[str], slots: int, moved: MovedBy
) -> list[Placed] | None:
    """Return so many slots of which none repeats a value of the window that slides along, or None."""
    at = 0
    placed, waiting = list[Placed](), list[tuple[int, str]]()
    while len(placed) < slots:
        if not waiting:
            end = at + _apart(column, rows[at : at + slots - len(placed)], window)
            placed += _unmoved(at, end)
            at = end
            if len(placed) == slots:
                return placed
        taken = _taken(waiting, window) if waiting else None
        if taken is None:
            while True:
                if at == len(rows) or len(waiting) > MOST_WAITING:
                    return None
                value = column[rows[at]]
                at += 1
                if value not in window:
                    break
                waiting.append((at - 1, value))
            placed += _unmoved(at - 1, at)
        else:
            position, value = taken
            # One that comes after it stands before it: else nothing could have made way for it.
            placed.append(Placed(position, moved))
        window.append(value)
    return placed


def _apart(column: Sequence[str], rows: Sequence[int], window: deque[str]) -> int:
    """Return how many of these rows stand first whose values repeat nothing in the window that slides along."""
    count = 0
    for row in rows:
        value = column[row]
        if value in window:
            break
        window.append(value)
        count += 1
    return count


def _unmoved(start: int, end: int) -> Sequence[Placed]:
    if end <= MOST_UNMOVED:
        return _UNMOVED[start:end]
    return [Placed(position, None) for position in range(start, end)]


def _taken(waiting: list[tuple[int, str]], recent: Collection[str]) -> tuple[int, str] | None:
    """Remove and return the best whose value is not recent, or None."""
    for place, one in enumerate(waiting):
        if one[1] not in recent:
            return waiting.pop(place)
    return None


def _explained(chosen: Sequence[int], held: Mapping[int, MovedBy], pinned: Collection[int]) -> list[Placed]:
    """Say of each item whether a rule let a lesser one pass before it."""
    placed, furthest = [], -1
    for position in chosen:
        if position in pinned:
            placed.append(Placed(position, "pin"))
            continue
        placed.append(Placed(position, held[position] if position < furthest else None))
        furthest = max(furthest, position)
    return placed


class _Lane:
    """Items of one kind that were passed over: by artist, best first."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[int]] = {}
        self._heads: list[tuple[int, str]] = []

    def add(self, position: int, artist: str) -> None:
        """Add an item that is worse than all that came before it."""
        waiting = self._waiting.get(artist)
        if waiting:
            waiting.append(position)
        else:
            self._waiting[artist] = deque((position,))
            heapq.heappush(self._heads, (position, artist))

    def best(self, recent: Collection[str]) -> int | None:
        """Return the best that is by none of these artists."""
        if not self._heads:
            return None
        aside = self._set_aside(recent)
        found = self._heads[0][0] if self._heads else None
        self._put_back(aside)
        return found

    def take(self, recent: Collection[str]) -> int:
        """Remove and return what `best` returns, which must not be None."""
        aside = self._set_aside(recent)
        position, artist = heapq.heappop(self._heads)
        waiting = self._waiting[artist]
        waiting.popleft()
        if waiting:
            heapq.heappush(self._heads, (waiting[0], artist))
        self._put_back(aside)
        return position

    def _set_aside(self, recent: Collection[str]) -> list[tuple[int, str]]:
        aside = []
        while self._heads and self._heads[0][1] in recent:
            aside.append(heapq.heappop(self._heads))
        return aside

    def _put_back(self, heads: Iterable[tuple[int, str]]) -> None:
        for head in heads:
            heapq.heappush(self._heads, head)


class _Queue:
    """The items that are not placed yet: a few that had to wait, and those that nobody has looked at."""

    def __init__(
        self,
        rows: Sequence[int],
        artists: Sequence[str],
        kinds: Sequence[str],
        spacing: Spacing,
        left_out: Collection[int],
    ) -> None:
        self.held: dict[int, MovedBy] = {}
        self._rows = rows
        self._artists = artists
        self._kinds = kinds
        self._by_kind = spacing.kind_gap > 0
        self._fresh = (position for position in range(len(rows)) if position not in left_out)
        self._lanes: dict[str, _Lane] = {}

    def take(self, recent: Collection[str], resting: Collection[str]) -> int:
        """Remove and return the best of those that repeat least; one must be left."""
        position = self._waiting(recent, resting)
        if position is None:
            position = self._looked_for(recent, resting)
        # All that is left repeats something: a kind rather than an artist, both if it must be.
        for artists, kinds in ((recent, NOTHING), (NOTHING, resting), (NOTHING, NOTHING)):
            if position is None:
                position = self._waiting(artists, kinds)
        if position is None:
            raise IndexError("nothing is left to place")
        return position

    def _waiting(self, recent: Collection[str], resting: Collection[str]) -> int | None:
        chosen, least = None, len(self._rows)
        for kind, lane in self._lanes.items():
            if kind not in resting and (position := lane.best(recent)) is not None and position < least:
                chosen, least = lane, position
        return None if chosen is None else chosen.take(recent)

    def _looked_for(self, recent: Collection[str], resting: Collection[str]) -> int | None:
        rows, artists, kinds, lanes = self._rows, self._artists, self._kinds, self._lanes
        for position in self._fresh:
            artist, kind = artists[rows[position]], kinds[rows[position]]
            if artist not in recent and kind not in resting:
                return position
            self.held[position] = "spacing" if artist in recent else "diversity"
            name = kind if self._by_kind else ""
            if name not in lanes:
                lanes[name] = _Lane()
            lanes[name].add(position, artist)
        return None
