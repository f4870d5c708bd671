"""The one definition of every feature, for serving and for training alike.

Only additions, products and quotients, which IEEE 754 rounds alike everywhere: the same request gives the
same bits on every machine.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from reference_service.features.catalogue import Catalogue
from reference_service.features.draws import DIMENSIONS
from reference_service.features.listeners import Listener
from reference_service.ranking.nouns import SOURCES, Features, FloatArray, IntArray, Question, Source

NAMES = (
    "affinity",
    "similarity",
    "popularity",
    "freshness",
    "recent_skips",
    "hour",
    "kind_taste",
    "kind_fit",
    "same_artist",
    "source",
)
"""The features, in the order of the matrix's columns; each from -1 to 1."""

QUALITY: dict[Source, float] = {"queue": 1.0, "collaborative": 0.75, "editorial": 0.5, "radio": 0.25}
EPISODE_CARDS = frozenset({"podcast_chapters", "transcript"})
FRESH_DAYS = 28.0
MANY_SKIPS = 3
LONGEST_DOT = 64.0 * DIMENSIONS
DAY = 86_400.0
HOURS = 24
MOST_FITS = 16


def _nearness() -> FloatArray:
    """Return by hour of the listener and by hour of an item's peak how near the two are, 0 to 1."""
    hours = np.arange(float(HOURS))
    apart = np.abs(hours - hours[:, np.newaxis])
    nearness: FloatArray = 1.0 - np.minimum(apart, HOURS - apart) / 12.0
    return nearness


NEARNESS = _nearness()
QUALITIES: FloatArray = np.array([QUALITY[source] for source in SOURCES])


def assemble(
    catalogue: Catalogue, rows: IntArray, sources: IntArray, listener: Listener, question: Question
) -> Features:
    """Return the features of the items in these rows, proposed by these of SOURCES, for this listener, now."""
    context, taste = question.context, catalogue.taste.take(rows, axis=0)
    kind, artist = catalogue.every.kind.take(rows), catalogue.every.artist.take(rows)
    age_days = np.maximum(question.now.timestamp() - catalogue.released.take(rows), 0.0) / DAY
    # By column, as they are made and as trees read them.
    values: FloatArray = np.empty((len(NAMES), len(rows)))
    values[0] = taste @ np.array(listener.taste) / LONGEST_DOT
    values[1] = _similarity(catalogue, taste, question)
    values[2] = catalogue.popularity.take(rows)
    values[3] = 1.0 / (1.0 + age_days / FRESH_DAYS)
    values[4] = _recent_skips(catalogue, artist, question)
    values[5] = NEARNESS[context.hour_local].take(catalogue.peak_hour.take(rows))
    values[6] = np.array([listener.liking(kind) for kind in catalogue.kinds]).take(kind)
    values[7] = _kind_fit(catalogue, question).take(kind)
    values[8] = _same_artist(catalogue, artist, question)
    values[9] = QUALITIES.take(sources)
    return Features(NAMES, values.T)


def _similarity(catalogue: Catalogue, taste: FloatArray, question: Question) -> FloatArray:
    """Return the likeness to what plays: half of it in shuffle, more as a session settles."""
    context = question.context
    if question.playing is None or context.now_playing is None:
        return np.zeros(len(taste))
    playing = catalogue.taste[catalogue.rows[context.now_playing]]
    settled = min(context.session_position, 20) / 20
    likeness: FloatArray = taste @ playing / LONGEST_DOT
    return likeness * (0.5 + settled / 2) * (0.5 if context.shuffle else 1.0)


def _recent_skips(catalogue: Catalogue, artist: IntArray, question: Question) -> FloatArray:
    """Return how much of the last skips was by each item's artist; three or more count fully."""
    known = [catalogue.rows[name] for name in question.context.recent_skips if name in catalogue.rows]
    if not known:
        return np.zeros(len(artist))
    every = catalogue.every
    skips = np.bincount(every.artist[known], minlength=len(every.names.artist_codes))
    return np.minimum(skips.take(artist), MANY_SKIPS) / MANY_SKIPS


def _kind_fit(catalogue: Catalogue, question: Question) -> FloatArray:
    """Return by kind whether it goes with what plays: chapters with an episode, lyrics with a track."""
    playing = question.playing
    return _fit(catalogue.kinds, None if playing is None else playing.kind == "episode")


@lru_cache(maxsize=MOST_FITS)
def _fit(kinds: Sequence[str], episode: bool | None) -> FloatArray:
    if episode is None:
        return np.full(len(kinds), 0.5)
    return np.array([float((kind in EPISODE_CARDS) == episode) for kind in kinds])


def _same_artist(catalogue: Catalogue, artist: IntArray, question: Question) -> FloatArray:
    """Return of each item whether its artist is the one that plays."""
    if question.playing is None:
        return np.zeros(len(artist))
    same: FloatArray = (artist == catalogue.every.names.artist_codes[question.playing.artist]).astype(
        np.float64
    )
    return same
