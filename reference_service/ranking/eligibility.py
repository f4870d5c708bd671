"""Hard constraints: what may not be shown to this listener, here, now.

No score buys an exception and no degraded path skips them: they need facts only, never features.
"""

from collections.abc import Iterable, Mapping
from typing import get_args

import numpy as np

from reference_service.ranking.nouns import (
    MARKETS,
    BoolArray,
    Candidate,
    Facts,
    IntArray,
    Question,
    Reason,
    Source,
)

REASONS: tuple[Reason, ...] = get_args(Reason)
CODES: Mapping[Reason, int] = {reason: code for code, reason in enumerate(REASONS)}
ELIGIBLE = -1


def distinct(candidates: Iterable[Candidate]) -> dict[str, Source]:
    """Return the source of each id, in ascending order of id.

    Neither order nor repetition of candidates can change it: of two sources that propose one id, the first
    by name stands.
    """
    sources: dict[str, Source] = {}
    for name, source in sorted(candidates):
        sources.setdefault(name, source)
    return sources


def screen(facts: Facts, question: Question) -> IntArray:
    """Return for each candidate the index in REASONS of the first rule that forbids it, or ELIGIBLE."""
    verdict = screen_each(facts, question)
    verdict[_repeats(facts, np.flatnonzero(verdict == ELIGIBLE))] = CODES["duplicate"]
    return verdict


def screen_each(facts: Facts, question: Question) -> IntArray:
    """Return what `screen` does of each candidate alone: without the rule against duplicates."""
    verdict: IntArray = np.full(len(facts.ids), ELIGIBLE, dtype=np.int64)
    # From the last rule to the first, so that the first has the last word.
    for reason, where in reversed(_forbidden(facts, question).items()):
        np.putmask(verdict, where, CODES[reason])
    return verdict


def _forbidden(facts: Facts, question: Question) -> dict[Reason, BoolArray]:
    context, playing = question.context, question.playing
    count = len(facts.ids)
    none = np.zeros(count, dtype=np.bool_)
    all_or_none = {True: ~none, False: none}
    kids = context.age_band == "kids"
    market = MARKETS.index(context.market) if context.market in MARKETS else None
    return {
        "wrong_surface": facts.on_up_next != (question.surface == "up_next"),
        "now_playing": none if playing is None else facts.recording == playing.recording,
        "already_played": _named(context.recently_played, facts.ids),
        "dismissed": _named(context.dismissals, facts.ids) | _named(context.dismissals, facts.artists),
        "explicit": facts.explicit & all_or_none[kids or not context.explicit_allowed],
        "kids": ~facts.kids_safe & all_or_none[kids],
        "market": all_or_none[True] if market is None else (facts.markets >> market) & 1 == 0,
        "licence": facts.licence_until <= int(question.now.timestamp()),
        "tier": facts.premium_only & all_or_none[context.product_tier == "free"],
        "car": ~facts.car_safe & all_or_none[context.device == "car"],
        "capped": _named(question.worn, facts.kinds),
    }


def _named(names: frozenset[str], column: tuple[str, ...]) -> BoolArray:
    if not names:
        return np.zeros(len(column), dtype=np.bool_)
    return np.fromiter(map(names.__contains__, column), dtype=np.bool_, count=len(column))


def _repeats(facts: Facts, rows: IntArray) -> IntArray:
    """Return the rows whose recording another row with a smaller id already offers."""
    by_id = rows[np.argsort(facts.place[rows])]
    _, first = np.unique(facts.recording[by_id], return_index=True)
    return np.delete(by_id, first)
