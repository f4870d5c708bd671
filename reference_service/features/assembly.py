"""The one definition of every feature, for serving and for training alike.

Only additions, products and quotients, which IEEE 754 rounds alike everywhere: the same request gives the
same bits on every machine.
"""

from collections.abc import Iterable

import numpy as np

from reference_service.features.catalogue import Catalogue
from reference_service.features.draws import DIMENSIONS
from reference_service.features.listeners import Listener
from reference_service.ranking.nouns import Features, FloatArray, IntArray, Question, Source

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


def assemble(
    catalogue: Catalogue, rows: IntArray, sources: Iterable[Source], listener: Listener, question: Question
) -> Features:
    """Return the features of the items in these rows, for this listener, now."""
    context, taste = question.context, catalogue.taste[rows]
    age_days = np.maximum(question.now.timestamp() - catalogue.released[rows], 0.0) / DAY
    hours_apart = np.abs(catalogue.peak_hour[rows] - context.hour_local)
    liking = np.array([listener.liking(kind) for kind in catalogue.kinds])
    columns = [
        taste @ np.array(listener.taste) / LONGEST_DOT,
        _similarity(catalogue, taste, question),
        catalogue.popularity[rows],
        1.0 / (1.0 + age_days / FRESH_DAYS),
        _recent_skips(catalogue, rows, question),
        1.0 - np.minimum(hours_apart, 24.0 - hours_apart) / 12.0,
        liking[catalogue.kind[rows]],
        _kind_fit(catalogue, question)[catalogue.kind[rows]],
        _same_artist(catalogue, question)[catalogue.artist[rows]],
        np.fromiter(map(QUALITY.__getitem__, sources), np.float64, len(rows)),
    ]
    values: FloatArray = np.empty((len(rows), len(NAMES)))
    for number, column in enumerate(columns):
        values[:, number] = column
    return Features(NAMES, values)


def _similarity(catalogue: Catalogue, taste: FloatArray, question: Question) -> FloatArray:
    """Return the likeness to what plays: half of it in shuffle, more as a session settles."""
    context = question.context
    if question.playing is None or context.now_playing is None:
        return np.zeros(len(taste))
    playing = catalogue.taste[catalogue.rows[context.now_playing]]
    settled = min(context.session_position, 20) / 20
    likeness: FloatArray = taste @ playing / LONGEST_DOT
    return likeness * (0.5 + settled / 2) * (0.5 if context.shuffle else 1.0)


def _recent_skips(catalogue: Catalogue, rows: IntArray, question: Question) -> FloatArray:
    """Return how much of the last skips was by each item's artist; three or more count fully."""
    known = [catalogue.rows[name] for name in question.context.recent_skips if name in catalogue.rows]
    if not known:
        return np.zeros(len(rows))
    skips = np.bincount(catalogue.artist[known], minlength=len(catalogue.artists))
    return np.minimum(skips[catalogue.artist[rows]], MANY_SKIPS) / MANY_SKIPS


def _kind_fit(catalogue: Catalogue, question: Question) -> FloatArray:
    """Return by kind whether it goes with what plays: chapters with an episode, lyrics with a track."""
    if question.playing is None:
        return np.full(len(catalogue.kinds), 0.5)
    episode = question.playing.kind == "episode"
    return np.array([float((kind in EPISODE_CARDS) == episode) for kind in catalogue.kinds])


def _same_artist(catalogue: Catalogue, question: Question) -> FloatArray:
    """Return by artist whether it is the one that plays."""
    playing = None if question.playing is None else question.playing.artist
    same = np.zeros(len(catalogue.artists))
    if playing is not None:
        same[catalogue.artists.index(playing)] = 1.0
    return same
