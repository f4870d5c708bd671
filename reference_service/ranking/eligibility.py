"""Hard constraints: what may not be shown to this listener, here, now.

No score buys an exception and no degraded path skips them: they need facts only, never features.
"""

from collections.abc import Iterable, Mapping
from typing import get_args

import numpy as np

from reference_service.ranking.nouns import (
    MARKETS,
    BoolArray,
    Facts,
    IntArray,
    Question,
    Reason,
)

REASONS: tuple[Reason, ...] = get_args(Reason)
CODES: Mapping[Reason, int] = {reason: code for code, reason in enumerate(REASONS)}
ELIGIBLE = -1
NOWHERE = np.False_

Where = BoolArray | np.bool_
"""For each candidate whether a rule forbids it, or NOWHERE."""


def screen_each(facts: Facts, question: Question) -> IntArray:
    """Return for each candidate the index in REASONS of the first rule that forbids it by itself, or ELIGIBLE.

    Two releases of one recording are no matter of one candidate.
    """
    verdict: IntArray = np.empty(len(facts.place), dtype=np.int64)
    verdict.fill(ELIGIBLE)
    # From the last rule to the first, so that the first has the last word.
    for reason, where in reversed(_forbidden(facts, question).items()):
        if where is not NOWHERE:
            np.putmask(verdict, where, CODES[reason])
    return verdict


def _forbidden(facts: Facts, question: Question) -> dict[Reason, Where]:
    """Return by rule where it forbids, or NOWHERE where it forbids nothing."""
    context, playing, names = question.context, question.playing, facts.names
    kids = context.age_band == "kids"
    all_or_none = {True: np.True_, False: NOWHERE}
    market = MARKETS.index(context.market) if context.market in MARKETS else None
    return {
        "wrong_surface": facts.on_up_next != (question.surface == "up_next"),
        "now_playing": NOWHERE if playing is None else facts.recording == playing.recording,
        "already_played": _named(context.recently_played, names.places, facts.place),
        "dismissed": _named(context.dismissals, names.places, facts.place)
        | _named(context.dismissals, names.artist_codes, facts.artist),
        "explicit": facts.explicit & all_or_none[kids or not context.explicit_allowed],
        "kids": ~facts.kids_safe & all_or_none[kids],
        "market": np.ones(len(facts.place), np.bool_)
        if market is None
        else (facts.markets >> market) & 1 == 0,
        "licence": facts.licence_until <= int(question.now.timestamp()),
        "tier": facts.premium_only & all_or_none[context.product_tier == "free"],
        "car": ~facts.car_safe & all_or_none[context.device == "car"],
        "capped": _named(question.worn, names.kind_codes, facts.kind),
    }


def _named(wanted: Iterable[str], codes: Mapping[str, int], column: IntArray) -> Where:
    """Return where the column holds the code of one of these names; names without a code are nowhere."""
    found = sorted([codes[name] for name in wanted if name in codes])
    if not found:
        return NOWHERE
    among = np.array(found, dtype=np.int64)
    is_among: BoolArray = among.take(among.searchsorted(column), mode="clip") == column
    return is_among
