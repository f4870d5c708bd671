"""The answer when there is no time to rank: what is popular, under every hard constraint.

It exists to cost a tenth of a ranking, since under overload it is given several times as often. What does
not depend on the request is worked out once for each kind of listener, and items are stored as the bytes
that they are answered as.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import get_args

import numpy as np

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
    IntArray,
    MovedBy,
    Policy,
    Question,
    Reason,
    Surface,
    Tier,
)
from reference_service.ranking.rank import pinned
from reference_service.ranking.spacing import space

# Above the index of every reason: the least of all that apply is the first rule that forbids.
ALLOWED = len(REASONS)
_WORDS: Mapping[MovedBy | None, str] = {None: "null", **{word: f'"{word}"' for word in get_args(MovedBy)}}
LONG_AGO = datetime(1971, 1, 1, tzinfo=UTC)


class Popular:
    """Answers by popularity from one catalogue and one policy."""

    def __init__(self, catalogue: Catalogue, policy: Policy, policy_digest: str) -> None:
        self._catalogue = catalogue
        self._policy = policy
        self._facts = facts = catalogue.every
        points: IntArray = np.rint(catalogue.popularity * POINT).astype(np.int64)
        self._standing: IntArray = np.empty(len(points), np.int64)
        self._standing[np.lexsort((facts.place, -points))] = np.arange(len(points))
        self._by_standing: IntArray = np.argsort(self._standing)
        self._items = [
            # Open at its end: which place it has by score, and what moved it, depends on the request.
            json.dumps({"id": name, "kind": kind, "score": score, "parts": {"popularity": score}})[:-1]
            for name, kind, score in zip(facts.ids, facts.kinds, points.tolist(), strict=True)
        ]
        self._artists = {name: code for code, name in enumerate(catalogue.artists)}
        self._kinds = {name: code for code, name in enumerate(catalogue.kinds)}
        self._digests = json.dumps(
            {
                "policy": policy_digest,
                "model": digest_of("popularity"),
                "features": digest_of(["popularity", catalogue.digest]),
            }
        )
        self._standing_rules = lru_cache(maxsize=1_024)(self._rules_of_a_kind)

    def answer(
        self,
        reason: DegradedReason,
        surface: Surface,
        context: Context,
        names: Collection[str],
        limit: int,
        now: datetime,
        request_id: str,
    ) -> bytes:
        """Return the whole answer as JSON."""
        rows_of = self._catalogue.rows
        unknown = sorted(set(names) - rows_of.keys())
        rows = np.array(sorted({rows_of[name] for name in names if name in rows_of}), dtype=np.int64)
        codes = self._codes(surface, context, rows, now)
        items = ",".join(self._placed(rows[codes == ALLOWED], surface, context, limit))
        filtered = ",".join(self._filtered(rows, codes, unknown))
        return (
            f'{{"request_id":"{request_id}","digests":{self._digests},"variants":{{}},"degraded":true,'
            f'"degraded_reason":"{reason}","items":[{items}],"filtered":[{filtered}]}}'
        ).encode()

    def _codes(self, surface: Surface, context: Context, rows: IntArray, now: datetime) -> IntArray:
        """Return by row, ascending, the index of the first rule that forbids it, or ALLOWED."""
        facts = self._facts
        market = context.market if context.market in MARKETS else ""
        kind = (market, context.product_tier, context.explicit_allowed, context.age_band, context.device)
        codes: IntArray = self._standing_rules(surface, *kind)[rows]
        expired = facts.licence_until[rows] <= int(now.timestamp())
        codes[expired] = np.minimum(codes[expired], CODES["licence"])
        playing = self._catalogue.playing(context.now_playing)
        if playing is not None:
            _forbid(codes, facts.recording[rows] == playing.recording, "now_playing")
        if context.recently_shown:
            worn = self._policy.worn(self._catalogue.kinds_of(context.recently_shown))
            _forbid(
                codes, np.isin(self._catalogue.kind[rows], [self._kinds[name] for name in worn]), "capped"
            )
        _forbid_rows(codes, rows, self._rows(context.recently_played), "already_played")
        _forbid_rows(codes, rows, self._rows(context.dismissals), "dismissed")
        artists = [self._artists[name] for name in context.dismissals if name in self._artists]
        if artists:
            _forbid(codes, np.isin(self._catalogue.artist[rows], artists), "dismissed")
        allowed = np.flatnonzero(codes == ALLOWED)
        _, first = np.unique(facts.recording[rows[allowed]], return_index=True)
        codes[np.delete(allowed, first)] = CODES["duplicate"]
        return codes

    def _rows(self, names: Collection[str]) -> list[int]:
        rows = self._catalogue.rows
        return [rows[name] for name in names if name in rows]

    def _rules_of_a_kind(
        self, surface: Surface, market: str, tier: Tier, explicit: bool, age_band: AgeBand, device: Device
    ) -> IntArray:
        """Return for every row what the rules say that neither the instant nor the listener alone decide."""
        context = Context("", market, tier, explicit, age_band, 0, device)
        codes = screen_each(self._facts, Question(surface, context, LONG_AGO, 1))
        codes[codes == ELIGIBLE] = ALLOWED
        return codes

    def _placed(self, allowed: IntArray, surface: Surface, context: Context, limit: int) -> list[str]:
        """Return the items to show, as JSON, in their order."""
        ordered: list[int] = self._by_standing[np.sort(self._standing[allowed])].tolist()
        facts, pins = self._facts, context.pins
        playing = self._catalogue.playing(context.now_playing)
        slots = space(
            ordered,
            facts.artists,
            facts.kinds,
            spacing=self._policy.spacing[surface],
            limit=limit,
            before=() if playing is None else ((playing.artist, playing.kind),),
            pinned=pinned(pins, [facts.ids[row] for row in ordered]) if pins else None,
        )
        return [
            f'{self._items[ordered[slot.position]]},"by_score":{slot.position + 1},"moved_by":{_WORDS[slot.moved_by]}}}'
            for slot in slots
        ]

    def _filtered(self, rows: IntArray, codes: IntArray, unknown: Sequence[str]) -> list[str]:
        withheld = np.flatnonzero(codes != ALLOWED)
        ids = self._facts.ids
        named = [
            (ids[row], REASONS[code])
            for row, code in zip(rows[withheld].tolist(), codes[withheld].tolist(), strict=True)
        ]
        if unknown:
            named = sorted((*named, *((name, "unknown") for name in unknown)))
        return [f'{{"id":"{name}","reason":"{reason}"}}' for name, reason in named]


def _forbid(codes: IntArray, where: np.ndarray[tuple[int], np.dtype[np.bool_]], reason: Reason) -> None:
    codes[where] = np.minimum(codes[where], CODES[reason])


def _forbid_rows(codes: IntArray, rows: IntArray, named: list[int], reason: Reason) -> None:
    if named:
        _forbid(codes, np.isin(rows, named), reason)
