"""The catalogue in columns, so that what is known of 500 candidates is read in a few array operations."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter, itemgetter

import numpy as np

from reference_service.features.items import Item
from reference_service.ranking.nouns import (
    MARKETS,
    BoolArray,
    Facts,
    FloatArray,
    IntArray,
    Playing,
)


class Catalogue:
    """Every item by id; immutable once made, so it may be read from any thread."""

    def __init__(self, items: Sequence[Item]) -> None:
        ordered = sorted(items, key=attrgetter("id"))
        self.digest = hashlib.sha256(repr(ordered).encode()).hexdigest()
        self.rows: Mapping[str, int] = {item.id: row for row, item in enumerate(ordered)}
        self._facts = _facts(ordered)
        self.popularity: FloatArray = np.array([item.popularity for item in ordered])
        self.released: FloatArray = np.array([item.released.timestamp() for item in ordered])
        self.peak_hour: FloatArray = np.array([float(item.peak_hour) for item in ordered])
        self.taste: FloatArray = np.array([item.taste for item in ordered])
        self._kinds = sorted({item.kind for item in ordered})
        self.kind: IntArray = np.array([self._kinds.index(item.kind) for item in ordered])
        self._artists = sorted({item.artist for item in ordered})
        self.artist: IntArray = np.array([self._artists.index(item.artist) for item in ordered])

    @property
    def kinds(self) -> Sequence[str]:
        """Return the kinds, in the order that the column `kind` counts them in."""
        return self._kinds

    @property
    def artists(self) -> Sequence[str]:
        """Return the artists, in the order that the column `artist` counts them in."""
        return self._artists

    def locate(self, names: Iterable[str]) -> IntArray:
        """Return the rows of these ids, which must exist."""
        rows = self.rows
        return np.array([rows[name] for name in names], dtype=np.int64)

    @property
    def every(self) -> Facts:
        """Return the facts of all items, by row."""
        return self._facts

    def facts(self, rows: IntArray) -> Facts:
        """Return what is true of the items in these rows."""
        every, pick = self._facts, _picker(rows.tolist())
        return Facts(
            ids=pick(every.ids),
            artists=pick(every.artists),
            kinds=pick(every.kinds),
            place=every.place[rows],
            recording=every.recording[rows],
            on_up_next=every.on_up_next[rows],
            explicit=every.explicit[rows],
            kids_safe=every.kids_safe[rows],
            car_safe=every.car_safe[rows],
            premium_only=every.premium_only[rows],
            markets=every.markets[rows],
            licence_until=every.licence_until[rows],
        )

    def kinds_of(self, names: Iterable[str]) -> list[str]:
        """Return the kind of each of these ids that exists."""
        return [self._facts.kinds[self.rows[name]] for name in names if name in self.rows]

    def playing(self, name: str | None) -> Playing | None:
        """Return what is needed of the item that plays, or None where it is not known."""
        row = None if name is None else self.rows.get(name)
        if row is None:
            return None
        every = self._facts
        return Playing(every.kinds[row], every.artists[row], int(every.recording[row]))


def _picker(rows: list[int]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Return what picks these rows of a column, faster than a loop."""
    if len(rows) > 1:
        return itemgetter(*rows)
    # Of a single row, itemgetter picks the item and no tuple.
    return lambda column: tuple(column[row] for row in rows)


def _facts(ordered: Sequence[Item]) -> Facts:
    recordings = {name: code for code, name in enumerate(sorted({item.recording for item in ordered}))}
    return Facts(
        ids=tuple(item.id for item in ordered),
        artists=tuple(item.artist for item in ordered),
        kinds=tuple(item.kind for item in ordered),
        place=np.arange(len(ordered), dtype=np.int64),
        recording=_whole([recordings[item.recording] for item in ordered]),
        on_up_next=_flags([item.kind in {"track", "episode"} for item in ordered]),
        explicit=_flags([item.explicit for item in ordered]),
        kids_safe=_flags([item.kids_safe for item in ordered]),
        car_safe=_flags([item.car_safe for item in ordered]),
        premium_only=_flags([item.premium_only for item in ordered]),
        markets=_whole([sum(1 << MARKETS.index(market) for market in item.markets) for item in ordered]),
        licence_until=_whole([int(item.licence_until.timestamp()) for item in ordered]),
    )


def _flags(values: list[bool]) -> BoolArray:
    return np.array(values, dtype=np.bool_)


def _whole(values: list[int]) -> IntArray:
    return np.array(values, dtype=np.int64)
