"""Screening by look-ups: what holds for a kind of listener is worked out once, for every row.

It says what `eligibility` says of each row, and tests hold it to that; of two rows with one recording the second
is a duplicate.
"""

from bisect import bisect_right
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from reference_service.ranking.eligibility import CODES, ELIGIBLE, REASONS, screen_each
from reference_service.ranking.nouns import (
    MARKETS,
    AgeBand,
    Context,
    Device,
    Facts,
    Filtered,
    IntArray,
    Playing,
    Question,
    Screened,
    Surface,
    Tier,
)

# Above the index of every reason: the least of all that apply is the first rule that forbids.
ALLOWED = len(REASONS)
LONG_AGO = datetime(1901, 1, 1, tzinfo=UTC)
MOST_KINDS = 2_048
"""Of listeners and surfaces: more than there are, while no licence ends."""

Value = TypeVar("Value", bound=Hashable)
Codes = NDArray[np.uint8]


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
        self._recording = facts.recording
        self._is_rereleased = np.bincount(facts.recording).take(facts.recording) > 1
        self.rereleased = frozenset(np.flatnonzero(self._is_rereleased).tolist())
        """The rows whose recording another row offers too."""
        self._verdicts = lru_cache(maxsize=MOST_KINDS)(self._verdicts_on_a_kind)
        # At most one by row and reason.
        self._withheld: dict[int, Filtered] = {}

    def screen(self, rows: IntArray, question: Question) -> Screened:
        """Return which of these rows, which ascend, may be shown, and why the others may not."""
        codes = self._codes(rows, question)
        # Not np.flatnonzero, whose layers take as long as the search.
        (allowed,) = (codes == ALLOWED).nonzero()
        repeats = self._repeats(rows.take(allowed))
        if len(repeats):
            codes[allowed.take(repeats)] = CODES["duplicate"]
            (allowed,) = (codes == ALLOWED).nonzero()
        (forbidden,) = (codes != ALLOWED).nonzero()
        withheld = self._filtered((rows.take(forbidden) * ALLOWED + codes.take(forbidden)).tolist())
        return Screened(self._facts.names, allowed, rows.take(allowed), withheld)

    def _codes(self, rows: IntArray, question: Question) -> Codes:
        """Return of each row the first rule that forbids it by itself, or ALLOWED."""
        context = question.context
        # A byte a row: to copy a catalogue of them takes less than to find a few rows among the candidates.
        verdicts = bytearray(self.verdicts(question.surface, context, question.now))
        for row, rule in self.special(context, question.playing, question.worn).items():
            verdicts[row] = min(verdicts[row], rule)
        codes: Codes = np.frombuffer(verdicts, np.uint8).take(rows)
        return codes

    def _repeats(self, rows: IntArray) -> IntArray:
        """Return the places of those of these rows, which ascend, whose recording one before them offers."""
        (some,) = self._is_rereleased.take(rows).nonzero()
        recordings = self._recording.take(rows.take(some))
        order = recordings.argsort(kind="stable")
        recordings = recordings.take(order)
        repeats: IntArray = some.take(order[1:][recordings[1:] == recordings[:-1]])
        return repeats

    def _filtered(self, keys: Sequence[int]) -> tuple[Filtered, ...]:
        """Return what is told of each row and its code, given as one number."""
        withheld = self._withheld
        try:
            return tuple(map(withheld.__getitem__, keys))
        except KeyError:
            for key in keys:
                row, code = divmod(key, ALLOWED)
                withheld[key] = Filtered(self._facts.names.ids[row], REASONS[code])
            return tuple(map(withheld.__getitem__, keys))

    def verdicts(self, surface: Surface, context: Context, now: datetime) -> bytes:
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
        for row in map(rows.get, context.recently_played):
            if row is not None:
                special[row] = CODES["already_played"]
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
    ) -> bytes:
        """Judge every row once so many of the instants that end a licence have come; a list is read one by one."""
        context = Context("", market, tier, explicit, age_band, 0, device)
        now = datetime.fromtimestamp(self._expiries[expired - 1], UTC) if expired else LONG_AGO
        codes = screen_each(self._facts, Question(surface, context, now, 1))
        codes[codes == ELIGIBLE] = ALLOWED
        return codes.astype(np.uint8).tobytes()


def _rows_by(column: Iterable[Value]) -> Mapping[Value, Sequence[int]]:
    rows: dict[Value, list[int]] = {}
    for row, value in enumerate(column):
        rows.setdefault(value, []).append(row)
    return rows
