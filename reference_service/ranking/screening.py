"""Screening by look-ups, for whoever has no time: what holds for a kind of listener is worked out once, for every row.

It says what `eligibility.screen` says, and tests hold it to that.
"""

from bisect import bisect_right
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from reference_service.ranking.eligibility import CODES, ELIGIBLE, REASONS, screen_each
from reference_service.ranking.nouns import (
    MARKETS,
    AgeBand,
    Context,
    Device,
    Facts,
    Playing,
    Question,
    Surface,
    Tier,
)

# Above the index of every reason: the least of all that apply is the first rule that forbids.
ALLOWED = len(REASONS)
LONG_AGO = datetime(1901, 1, 1, tzinfo=UTC)
MOST_KINDS = 1_024

Value = TypeVar("Value", bound=Hashable)


class Screening:
    """Judges rows of one catalogue, whose facts are given in ascending order of id."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._rows = facts.names.places
        self._expiries: list[int] = sorted({*facts.licence_until.tolist()})
        recordings: list[int] = facts.recording.tolist()
        self.recordings: Sequence[int] = recordings
        self._by_recording = _rows_by(recordings)
        self._by_artist = _rows_by(facts.names.artists)
        self._by_kind = _rows_by(facts.names.kinds)
        self._verdicts = lru_cache(maxsize=MOST_KINDS)(self._verdicts_on_a_kind)

    def verdicts(self, surface: Surface, context: Context, now: datetime) -> Sequence[int]:
        """Return by row the first rule that forbids it to listeners like this one, now, or ALLOWED."""
        market = context.market if context.market in MARKETS else ""
        kind = (market, context.product_tier, context.explicit_allowed, context.age_band, context.device)
        return self._verdicts(surface, *kind, bisect_right(self._expiries, int(now.timestamp())))

    def special(self, context: Context, playing: Playing | None, worn: Collection[str]) -> dict[int, int]:
        """Return by row the first rule that forbids it to this listener alone, now."""
        rows = self._rows
        special: dict[int, int] = {}
        # From the last rule to the first, so that the first has the last word.
        for kind in worn:
            special.update(dict.fromkeys(self._by_kind.get(kind, ()), CODES["capped"]))
        for name in context.dismissals:
            special.update(dict.fromkeys(self._by_artist.get(name, ()), CODES["dismissed"]))
            if name in rows:
                special[rows[name]] = CODES["dismissed"]
        for name in context.recently_played:
            if name in rows:
                special[rows[name]] = CODES["already_played"]
        if playing is not None:
            special.update(dict.fromkeys(self._by_recording[playing.recording], CODES["now_playing"]))
        return special

    def _verdicts_on_a_kind(
        self,
        surface: Surface,
        market: str,
        tier: Tier,
        explicit: bool,
        age_band: AgeBand,
        device: Device,
        expired: int,
    ) -> Sequence[int]:
        """Judge every row once so many of the instants that end a licence have come."""
        context = Context("", market, tier, explicit, age_band, 0, device)
        now = datetime.fromtimestamp(self._expiries[expired - 1], UTC) if expired else LONG_AGO
        codes = screen_each(self._facts, Question(surface, context, now, 1))
        codes[codes == ELIGIBLE] = ALLOWED
        listed: list[int] = codes.tolist()
        return listed


def _rows_by(column: Iterable[Value]) -> Mapping[Value, Sequence[int]]:
    rows: dict[Value, list[int]] = {}
    for row, value in enumerate(column):
        rows.setdefault(value, []).append(row)
    return rows
