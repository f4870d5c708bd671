"""The catalogue in columns, so that what is known of 500 candidates is read in a few array operations."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter

import numpy as np

from reference_service.features.items import Item
from reference_service.ranking.nouns import (
    MARKETS,
    BoolArray,
    Facts,
    FloatArray,
    IntArray,
    Names,
    Playing,
)

MOST_PLAYING = 4_096
COLUMNS = tuple(field.name for field in fields(Facts) if field.name != "names")


class Catalogue:
    """Every item by id; immutable once made, so it may be read from any thread."""

    def __init__(self, items: Sequence[Item]) -> None:
        ordered = sorted(items, key=attrgetter("id"))
        self.digest = hashlib.sha256(repr(ordered).encode()).hexdigest()
        self._facts = _facts(ordered)
        self.rows: Mapping[str, int] = self._facts.names.places
        self.popularity: FloatArray = np.array([item.popularity for item in ordered])
        self.released: FloatArray = np.array([item.released.timestamp() for item in ordered])
        self.peak_hour: IntArray = _whole([item.peak_hour for item in ordered])
        self.taste: FloatArray = np.array([item.taste for item in ordered])
        self._playing = lru_cache(maxsize=MOST_PLAYING)(self._playing_of)
        self.kinds = tuple(self._facts.names.kind_codes)

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
        every = self._facts
        return Facts(every.names, *(getattr(every, name).take(rows) for name in COLUMNS))

    def kinds_of(self, names: Iterable[str]) -> list[str]:
        """Return the kind of each of these ids that exists."""
        kinds = self._facts.names.kinds
        return [kinds[self.rows[name]] for name in names if name in self.rows]

    def playing(self, name: str | None) -> Playing | None:
        """Return what is needed of the item that plays, or None where it is not known."""
        row = None if name is None else self.rows.get(name)
        return None if row is None else self._playing(row)

    def _playing_of(self, row: int) -> Playing:
        every = self._facts
        return Playing(every.names.kinds[row], every.names.artists[row], int(every.recording[row]))


def _facts(ordered: Sequence[Item]) -> Facts:
    names = _names(ordered)
    recordings = {name: code for code, name in enumerate(sorted({item.recording for item in ordered}))}
    return Facts(
        names=names,
        artist=_whole([names.artist_codes[item.artist] for item in ordered]),
        kind=_whole([names.kind_codes[item.kind] for item in ordered]),
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


def _names(ordered: Sequence[Item]) -> Names:
    return Names(
        ids=tuple(item.id for item in ordered),
        artists=tuple(item.artist for item in ordered),
        kinds=tuple(item.kind for item in ordered),
        places={item.id: place for place, item in enumerate(ordered)},
        artist_codes={name: code for code, name in enumerate(sorted({item.artist for item in ordered}))},
        kind_codes={name: code for code, name in enumerate(sorted({item.kind for item in ordered}))},
    )


def _flags(values: list[bool]) -> BoolArray:
    return np.array(values, dtype=np.bool_)


def _whole(values: list[int]) -> IntArray:
    return np.array(values, dtype=np.int64)
