"""The answer when there is no time to rank: what is popular, under every hard constraint.

It exists to cost a tenth of a ranking, since under overload it is given several times as often. What does
not depend on the request is worked out once for each kind of listener, and items are stored as the bytes
that they are answered as.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import get_args

import numpy as np

from reference_service.api.reading.lean import Asked, Glimpse
from reference_service.api.requests import MOST_TRACKS
from reference_service.api.responses import DegradedReason
from reference_service.features.catalogue import Catalogue
from reference_service.features.digest import digest_of
from reference_service.ranking.eligibility import REASONS
from reference_service.ranking.nouns import POINT, MovedBy, Policy, Surface
from reference_service.ranking.rank import pinned
from reference_service.ranking.screening import ALLOWED, Screening
from reference_service.ranking.spacing import Placed, space, space_simply

# What ends an item: the place that its score gives it, from 1, and what moved it.
_ENDS: Mapping[MovedBy | None, Sequence[bytes]] = {
    word: [
        b',"by_score":%d,"moved_by":%s}' % (place, b"null" if word is None else b'"%s"' % word.encode())
        for place in range(1, MOST_TRACKS + 1)
    ]
    for word in (None, *get_args(MovedBy))
}
# What no rule forbids is withheld where another release of it is offered.
_REASONS = (*REASONS, "duplicate")
NOTHING: Collection[str] = frozenset()

Seen = tuple[Surface, Glimpse, str]
"""What was seen of a request, on which surface, and the request's id."""


class TooLittleRead(ValueError):
    """Only the head of the candidates was read, and to fill the answer all must be."""


class Popular:
    """Answers by popularity from one catalogue and one policy."""

    def __init__(
        self, catalogue: Catalogue, screening: Screening, policy: Policy, policy_digest: str
    ) -> None:
        self._catalogue = catalogue
        self._screening = screening
        self._policy = policy
        facts = catalogue.every
        self._names = names = facts.names
        points = np.rint(catalogue.popularity * POINT).astype(np.int64)
        self._standing: list[int] = np.argsort(np.lexsort((facts.place, -points))).tolist()
        self._items = [
            # Open at its end: which place it has by score, and what moved it, depends on the request.
            json.dumps({"id": name, "kind": kind, "score": score, "parts": {"popularity": score}})[
                :-1
            ].encode()
            for name, kind, score in zip(names.ids, names.kinds, points.tolist(), strict=True)
        ]
        self._digests = json.dumps(
            {
                "policy": policy_digest,
                "model": digest_of("popularity"),
                "features": digest_of(["popularity", catalogue.digest]),
            }
        ).encode()

        # At most one by row and reason.
        self._refusals: dict[tuple[int, int], bytes] = {}

    def answer(
        self, reason: DegradedReason, surface: Surface, asked: Asked, now: datetime, request_id: str
    ) -> bytes:
        """Return the whole answer as JSON, or raise TooLittleRead."""
        rows = asked.rows.tolist()
        glimpse = Glimpse(asked.context, rows, asked.unknown, asked.limit, asked.whole)
        (content,) = self.answers(reason, [(surface, glimpse, request_id)], now)
        if content is None:
            raise TooLittleRead
        return content

    def answers(self, reason: DegradedReason, asked: Sequence[Seen], now: datetime) -> list[bytes | None]:
        """Return each whole answer as JSON, or None where too little of the candidates was read.

        One step for all of them and then the next: each finds its code and its tables in the processor's cache.
        """
        screened = [self._screened(surface, glimpse, now) for surface, glimpse, _ in asked]
        placed = [
            self._placed(surface, glimpse, allowed)
            for (surface, glimpse, _), (allowed, _) in zip(asked, screened, strict=True)
        ]
        told = reason.encode()
        return [
            None if slots is None else self._rendered(told, request_id, allowed, slots, withheld)
            for (_, _, request_id), slots, (allowed, withheld) in zip(asked, placed, screened, strict=True)
        ]

    def _screened(self, surface: Surface, asked: Glimpse, now: datetime) -> tuple[list[int], list[bytes]]:
        """Return the rows that may be shown and what is withheld, as JSON, by id."""
        context, recordings, shown = asked.context, self._screening.recordings, asked.context.recently_shown
        rules = self._screening.verdicts(surface, context, now)
        worn = self._policy.worn(self._catalogue.kinds_of(shown)) if shown else NOTHING
        special = self._screening.special(context, self._catalogue.playing(context.now_playing), worn)
        allowed = [row for row in asked.rows if rules[row] == ALLOWED and row not in special]
        offered_again = self._screening.rereleased.intersection(allowed)
        if len({recordings[row] for row in offered_again}) < len(offered_again):
            allowed = [*{recordings[row]: row for row in sorted(allowed, reverse=True)}.values()]
        withheld = []
        if len(allowed) < len(asked.rows):
            refusals = self._refusals
            for row in sorted({*asked.rows}.difference(allowed)):
                refused = row, min(rules[row], special.get(row, ALLOWED))
                withheld.append(refusals.get(refused) or self._refusal(*refused))
        if asked.unknown:
            named = {**dict.fromkeys(asked.unknown, b""), **{json.loads(one)["id"]: one for one in withheld}}
            withheld = [named[name] or _refusal(name, "unknown") for name in sorted(named)]
        return allowed, withheld

    def _refusal(self, row: int, code: int) -> bytes:
        made = self._refusals[row, code] = _refusal(self._names.ids[row], _REASONS[code])
        return made

    def _placed(self, surface: Surface, asked: Glimpse, allowed: list[int]) -> Sequence[Placed] | None:
        """Put these rows in order and return their slots, or None where the head of the candidates does not decide
        who stands in them.
        """
        allowed.sort(key=self._standing.__getitem__)
        names, pins, spacing = self._names, asked.context.pins, self._policy.spacing[surface]
        playing = self._catalogue.playing(asked.context.now_playing)
        before = () if playing is None else ((playing.artist, playing.kind),)
        if asked.whole:
            return space(
                allowed,
                names.artists,
                names.kinds,
                spacing=spacing,
                limit=asked.limit,
                before=before,
                pinned=pinned(pins, [names.ids[row] for row in allowed]) if pins else None,
            )
        if pins or len(allowed) < asked.limit:
            return None
        return space_simply(allowed, names.artists, names.kinds, spacing, asked.limit, before)

    def _rendered(
        self,
        reason: bytes,
        request_id: str,
        allowed: Sequence[int],
        slots: Sequence[Placed],
        withheld: Iterable[bytes],
    ) -> bytes:
        items = self._items
        shown = [items[allowed[position]] + _ENDS[moved_by][position] for position, moved_by in slots]
        return (
            b'{"request_id":"%s","digests":%s,"variants":{},"degraded":true,"degraded_reason":"%s","items":[%s],'
            b'"filtered":[%s]}'
            % (request_id.encode(), self._digests, reason, b",".join(shown), b",".join(withheld))
        )


def _refusal(name: str, reason: str) -> bytes:
    return b'{"id":"%s","reason":"%s"}' % (name.encode(), reason.encode())
