"""The answer when there is no time to rank: what is popular, under every hard constraint.

It exists to cost a tenth of a ranking, since under overload it is given several times as often. What does
not depend on the request is worked out once for each kind of listener, and items are stored as the bytes
that they are answered as.
"""

import json
from bisect import bisect_right
from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar, get_args

import numpy as np

from reference_service.api.lean import Asked
from reference_service.api.responses import DegradedReason
from reference_service.features.catalogue import Catalogue
from reference_service.features.digest import digest_of
from reference_service.ranking.eligibility import CODES, ELIGIBLE, REASONS, screen_each
from reference_service.ranking.nouns import (
    MARKETS,
    POINT,
    AgeBand,
    Context,
    Device,
    MovedBy,
    Policy,
    Question,
    Surface,
    Tier,
)
from reference_service.ranking.rank import pinned
from reference_service.ranking.spacing import space

# Above the index of every reason: the least of all that apply is the first rule that forbids.
ALLOWED = len(REASONS)
_WORDS: Mapping[MovedBy | None, str] = {None: "null", **{word: f'"{word}"' for word in get_args(MovedBy)}}
LONG_AGO = datetime(1901, 1, 1, tzinfo=UTC)

Slot = tuple[int, MovedBy | None]
"""A position by score, and what moved what stands there."""

Value = TypeVar("Value", bound=Hashable)


class TooLittleRead(ValueError):
    """Only the head of the candidates was read, and to fill the answer all must be."""


class Popular:
    """Answers by popularity from one catalogue and one policy."""

    def __init__(self, catalogue: Catalogue, policy: Policy, policy_digest: str) -> None:
        self._catalogue = catalogue
        self._policy = policy
        self._facts = facts = catalogue.every
        points = np.rint(catalogue.popularity * POINT).astype(np.int64)
        by_standing = np.lexsort((facts.place, -points))
        self._by_standing: list[int] = by_standing.tolist()
        self._standing: list[int] = np.argsort(by_standing).tolist()
        self._recordings: list[int] = facts.recording.tolist()
        self._expiries: list[int] = sorted({*facts.licence_until.tolist()})
        self._items = [
            # Open at its end: which place it has by score, and what moved it, depends on the request.
            json.dumps({"id": name, "kind": kind, "score": score, "parts": {"popularity": score}})[:-1]
            for name, kind, score in zip(facts.ids, facts.kinds, points.tolist(), strict=True)
        ]
        self._rows_by_artist = _rows_by(facts.artists)
        self._rows_by_recording = _rows_by(self._recordings)
        self._digests = json.dumps(
            {
                "policy": policy_digest,
                "model": digest_of("popularity"),
                "features": digest_of(["popularity", catalogue.digest]),
            }
        )
        self._rules = lru_cache(maxsize=1_024)(self._rules_of_a_kind)

    def answer(
        self, reason: DegradedReason, surface: Surface, asked: Asked, now: datetime, request_id: str
    ) -> bytes:
        """Return the whole answer as JSON, or raise TooLittleRead."""
        allowed, withheld = self._screened(surface, asked, now)
        ordered = [self._by_standing[place] for place in sorted(map(self._standing.__getitem__, allowed))]
        slots: Sequence[Slot] | None = self._quickly_spaced(surface, asked, ordered)
        if slots is None or len(slots) < asked.limit:
            if not asked.whole:
                raise TooLittleRead
            slots = slots or self._spaced(surface, asked, ordered)
        items = ",".join(
            [
                f'{self._items[ordered[position]]},"by_score":{position + 1},"moved_by":{_WORDS[moved_by]}}}'
                for position, moved_by in slots
            ]
        )
        return (
            f'{{"request_id":"{request_id}","digests":{self._digests},"variants":{{}},"degraded":true,'
            f'"degraded_reason":"{reason}","items":[{items}],"filtered":[{",".join(withheld)}]}}'
        ).encode()

    def _screened(self, surface: Surface, asked: Asked, now: datetime) -> tuple[list[int], list[str]]:
        """Return the rows that may be shown, ascending, and what is withheld, as JSON, by id."""
        known = {row for row in asked.rows if row is not None}
        context, ids, recordings = asked.context, self._facts.ids, self._recordings
        market = context.market if context.market in MARKETS else ""
        kind = (market, context.product_tier, context.explicit_allowed, context.age_band, context.device)
        rules = self._rules(surface, *kind, bisect_right(self._expiries, int(now.timestamp())))
        special = self._special(context, known)
        seen, allowed, withheld = set[int](), list[int](), list[tuple[str, str]]()
        for row in sorted(known):
            code = min(rules[row], special[row]) if row in special else rules[row]
            recording = recordings[row]
            if code == ALLOWED and recording not in seen:
                seen.add(recording)
                allowed.append(row)
            else:
                withheld.append((ids[row], REASONS[code] if code != ALLOWED else "duplicate"))
        if None in asked.rows:
            unknown = {name for name, row in zip(asked.ids, asked.rows, strict=True) if row is None}
            withheld = sorted((*withheld, *((name, "unknown") for name in unknown)))
        return allowed, [f'{{"id":"{name}","reason":"{reason}"}}' for name, reason in withheld]

    def _special(self, context: Context, known: Collection[int]) -> dict[int, int]:
        """Return by row the first rule that forbids it to this listener alone, now."""
        rows, kinds = self._catalogue.rows, self._facts.kinds
        special: dict[int, int] = {}
        # From the last rule to the first, so that the first has the last word.
        if context.recently_shown:
            worn = self._policy.worn(self._catalogue.kinds_of(context.recently_shown))
            special.update({row: CODES["capped"] for row in known if kinds[row] in worn})
        for name in context.dismissals:
            special.update(dict.fromkeys(self._rows_by_artist.get(name, ()), CODES["dismissed"]))
            if name in rows:
                special[rows[name]] = CODES["dismissed"]
        for name in context.recently_played:
            if name in rows:
                special[rows[name]] = CODES["already_played"]
        playing = self._catalogue.playing(context.now_playing)
        if playing is not None:
            special.update(dict.fromkeys(self._rows_by_recording[playing.recording], CODES["now_playing"]))
        return special

    def _rules_of_a_kind(
        self,
        surface: Surface,
        market: str,
        tier: Tier,
        explicit: bool,
        age_band: AgeBand,
        device: Device,
        expired: int,
    ) -> list[int]:
        """Return by row the first rule that forbids it to a kind of listener once so many instants that end a
        licence have come, or ALLOWED."""
        context = Context("", market, tier, explicit, age_band, 0, device)
        now = datetime.fromtimestamp(self._expiries[expired - 1], UTC) if expired else LONG_AGO
        codes = screen_each(self._facts, Question(surface, context, now, 1))
        codes[codes == ELIGIBLE] = ALLOWED
        rules: list[int] = codes.tolist()
        return rules

    def _quickly_spaced(self, surface: Surface, asked: Asked, ordered: list[int]) -> list[Slot] | None:
        """Return what `space` would choose, or None where that is not simple.

        It is where one column is spaced, nothing is pinned, and nothing need repeat too soon.
        """
        spacing, playing = self._policy.spacing[surface], self._catalogue.playing(asked.context.now_playing)
        if asked.context.pins or (spacing.artist_gap and spacing.kind_gap):
            return None
        by_artist = spacing.artist_gap > 0
        gap, column = (
            (spacing.artist_gap, self._facts.artists) if by_artist else (spacing.kind_gap, self._facts.kinds)
        )
        heard = [] if playing is None else [playing.artist if by_artist else playing.kind]
        moved: MovedBy = "spacing" if by_artist else "diversity"
        values = [column[row] for row in ordered]
        waiting, fresh, furthest = list[int](), 0, -1
        slots = list[Slot]()
        while len(slots) < min(asked.limit, len(values)):
            recent = heard[-gap:] if gap else ()
            position = _taken(waiting, values, recent) if waiting else None
            while position is None:
                if fresh == len(values):
                    return None
                if values[fresh] in recent:
                    waiting.append(fresh)
                else:
                    position = fresh
                fresh += 1
            slots.append((position, moved if position < furthest else None))
            furthest = position if position > furthest else furthest
            heard.append(values[position])
        return slots

    def _spaced(self, surface: Surface, asked: Asked, ordered: list[int]) -> Sequence[Slot]:
        facts, pins = self._facts, asked.context.pins
        playing = self._catalogue.playing(asked.context.now_playing)
        return space(
            ordered,
            facts.artists,
            facts.kinds,
            spacing=self._policy.spacing[surface],
            limit=asked.limit,
            before=() if playing is None else ((playing.artist, playing.kind),),
            pinned=pinned(pins, [facts.ids[row] for row in ordered]) if pins else None,
        )


def _taken(waiting: list[int], values: Sequence[str], recent: Collection[str]) -> int | None:
    """Remove and return the best position whose value is not recent, or None."""
    for place, position in enumerate(waiting):
        if values[position] not in recent:
            return waiting.pop(place)
    return None


def _rows_by(column: Sequence[Value]) -> Mapping[Value, Sequence[int]]:
    rows: dict[Value, list[int]] = {}
    for row, value in enumerate(column):
        rows.setdefault(value, []).append(row)
    return rows
