"""The ranking itself: screen, score, order, space."""

import numpy as np

from reference_service.ranking.eligibility import ELIGIBLE, REASONS, screen
from reference_service.ranking.nouns import (
    Facts,
    Features,
    Filtered,
    IntArray,
    Parts,
    Policy,
    Question,
    Ranked,
    Ranking,
    Scorer,
)
from reference_service.ranking.spacing import space


def rank(facts: Facts, features: Features, scorer: Scorer, question: Question, policy: Policy) -> Ranking:
    """Return what to show, best first, and what was withheld; pure, and blind to the order of rows.

    `facts` and `features` hold one row for each distinct candidate, in one order. Equal scores stand in
    order of id.
    """
    verdict = screen(facts, question)
    rows = np.flatnonzero(verdict == ELIGIBLE)
    scores = scorer.scores(question.surface, Features(features.names, features.values[rows]))
    order = np.lexsort((facts.place[rows], -scores))
    spaced = order[_spaced(facts, rows[order], question, policy)]
    shown = Features(features.names, features.values[rows[spaced]])
    parts = scorer.parts(question.surface, shown, scores[spaced])
    return Ranking(
        items=_items(facts, rows[spaced], scores[spaced], parts),
        filtered=_filtered(facts, verdict),
    )


def _spaced(facts: Facts, rows: IntArray, question: Question, policy: Policy) -> list[int]:
    return space(
        [facts.artists[row] for row in rows.tolist()],
        gap=policy.artist_gap[question.surface],
        limit=question.limit,
        before=() if question.playing is None else (question.playing.artist,),
    )


def _items(facts: Facts, rows: IntArray, scores: IntArray, parts: Parts) -> tuple[Ranked, ...]:
    return tuple(
        Ranked(facts.ids[row], facts.kinds[row], score, dict(zip(parts.names, values, strict=True)))
        for row, score, values in zip(rows.tolist(), scores.tolist(), parts.values.tolist(), strict=True)
    )


def _filtered(facts: Facts, verdict: IntArray) -> tuple[Filtered, ...]:
    rows = np.flatnonzero(verdict != ELIGIBLE)
    by_id = rows[np.argsort(facts.place[rows])]
    codes = verdict[by_id].tolist()
    return tuple(
        Filtered(facts.ids[row], REASONS[code]) for row, code in zip(by_id.tolist(), codes, strict=True)
    )
