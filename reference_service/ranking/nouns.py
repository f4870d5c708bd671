"""The nouns of ranking and the one port it needs, a Scorer.

Whatever is known of n candidates is held in columns of shape (n,), because 500 candidates in numpy cost
what ten cost in a loop.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

Surface = Literal["cards", "up_next"]
Tier = Literal["free", "premium"]
AgeBand = Literal["kids", "teen", "adult"]
Device = Literal["phone", "tablet", "desktop", "speaker", "tv", "watch", "car"]
Source = Literal["queue", "collaborative", "editorial", "radio"]
Reason = Literal[
    "unknown",
    "wrong_surface",
    "now_playing",
    "already_played",
    "dismissed",
    "explicit",
    "kids",
    "market",
    "licence",
    "tier",
    "car",
    "capped",
    "duplicate",
]
MovedBy = Literal["pin", "spacing", "diversity"]

SOURCES: tuple[Source, ...] = tuple(sorted(get_args(Source)))
"""By name, so that of two sources the lesser index is the first by name."""

Candidate = tuple[str, Source]
"""The id of something that may be shown, and which retrieval source proposed it."""

Pin = tuple[int, str]
"""A slot, from 1, and the id of the candidate that shall stand there."""

MARKETS = ("BR", "DE", "FR", "GB", "IN", "JP", "SE", "US")
POINT = 1_000_000
"""Scores are whole millionths of a point, so that parts sum to the score exactly, in any order."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who listens, where, on what and to what; all that a ranking may depend on besides its candidates."""

    listener_id: str
    market: str
    product_tier: Tier
    explicit_allowed: bool
    age_band: AgeBand
    hour_local: int
    device: Device
    now_playing: str | None = None
    shuffle: bool = False
    session_position: int = 1
    recent_skips: tuple[str, ...] = ()
    recently_played: frozenset[str] = frozenset()
    dismissals: frozenset[str] = frozenset()
    recently_shown: tuple[str, ...] = ()
    pins: tuple[Pin, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """What the items of a catalogue and what they have in common are called.

    ids, artists, kinds      of each item, in ascending order of id
    places, artist_codes, kind_codes  by id where an item stands in that order; by name a number for it
    """

    ids: tuple[str, ...]
    artists: tuple[str, ...]
    kinds: tuple[str, ...]
    places: Mapping[str, int]
    artist_codes: Mapping[str, int]
    kind_codes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of n distinct candidates, whoever listens; the hard constraints judge by nothing else.

    place         position in ascending order of id, over the whole catalogue; breaks ties
    artist, kind  the number that `names` has for it
    markets       bit i is set where MARKETS[i] may hear it
    licence_until seconds since 1970, exclusive
    recording     equal for two releases of one recording
    """

    names: Names
    place: IntArray
    artist: IntArray
    kind: IntArray
    recording: IntArray
    on_up_next: BoolArray
    explicit: BoolArray
    kids_safe: BoolArray
    car_safe: BoolArray
    premium_only: BoolArray
    markets: IntArray
    licence_until: IntArray


@dataclass(frozen=True, slots=True)
class Playing:
    """The item that plays while the ranking is asked for."""

    kind: str
    artist: str
    recording: int


@dataclass(frozen=True, slots=True)
class Features:
    """Named features of n candidates: values of shape (n, len(names)); NaN where nothing is known."""

    names: tuple[str, ...]
    values: FloatArray

    def of(self, rows: IntArray) -> "Features":
        """Return those of some rows, by column as they were: trees read columns."""
        return Features(self.names, self.values.T.take(rows, axis=1).T)


@dataclass(frozen=True, slots=True)
class Parts:
    """What each feature added to each score: millionths of a point, of shape (n, len(names))."""

    names: tuple[str, ...]
    values: IntArray


class Scorer(Protocol):
    """A model: features in, scores out, and why; the same for the same input, row by row.

    Scores are asked of every candidate, parts only of the few that are shown.
    """

    @property
    def digest(self) -> str:
        """Return what identifies the model's weights."""

    def scores(self, surface: Surface, features: Features) -> IntArray:
        """Return the score of each row, in millionths of a point."""

    def parts(self, surface: Surface, features: Features, scores: IntArray) -> Parts:
        """Return the parts whose sum by row is the score, given what `scores` said of these rows."""


@dataclass(frozen=True, slots=True)
class Spacing:
    """How many items must stand between two of one artist and two of one kind, where others exist."""

    artist_gap: int = 0
    kind_gap: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules that are a product decision and not a model's.

    spacing  by surface
    caps     by kind how many showings lately are enough; kinds without one are never capped
    """

    spacing: Mapping[Surface, Spacing]
    caps: Mapping[str, int]

    def worn(self, kinds: Iterable[str]) -> frozenset[str]:
        """Return the kinds that were shown as often as their cap allows, given the kind of each showing."""
        return frozenset(
            kind for kind, count in Counter(kinds).items() if count >= self.caps.get(kind, count + 1)
        )


class Ranked(Struct, frozen=True, gc=False):
    """One item of an answer, with what its score is made of.

    parts     an object with a field for each feature that the model weighs
    by_score  the place, from 1, that its score alone gives it among all that may be shown
    moved_by  the rule that pinned it or let a lesser one pass before it
    """

    id: str
    kind: str
    score: int
    parts: Struct
    by_score: int
    moved_by: MovedBy | None


class Filtered(Struct, frozen=True, gc=False):
    """One candidate that may not be shown, with the first rule that forbids it."""

    id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Screened:
    """Which of some candidates may be shown, by every hard constraint, and which may not.

    places    where those that may be shown stand among the candidates, ascending
    rows      where these stand in ascending order of id, over the whole catalogue
    withheld  the others, by id
    """

    names: Names
    places: IntArray
    rows: IntArray
    withheld: tuple[Filtered, ...]


class Ranking(Struct, frozen=True):
    """The answer: items best first, and the candidates that were withheld, by id."""

    items: tuple[Ranked, ...]
    filtered: tuple[Filtered, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a surface, a listener's context, the instant it is asked at, how many items at most.

    worn  the kinds that this listener was shown often enough lately
    """

    surface: Surface
    context: Context
    now: datetime
    limit: int
    playing: Playing | None = None
    worn: frozenset[str] = frozenset()
