"""The answer when there is no time to rank: what is popular, under every hard constraint.

It exists to cost a tenth of a ranking, since under overload it is given several times as often. What does
not depend on the request is worked out once for each kind of listener, and items are stored as the bytes
that they are answered as.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import get_args

import numpy as np

from reference_service.api.lean import Asked
from reference_service.api.responses import DegradedReason
from reference_service.features.catalogue import Catalogue
from reference_service.features.digest import digest_of
from reference_service.ranking.eligibility import REASONS
from reference_service.ranking.nouns import POINT, MovedBy, Policy, Surface
from reference_service.ranking.rank import pinned
from reference_service.ranking.screening import ALLOWED, Screening
from reference_service.ranking.spacing import Placed, space, space_simply

_WORDS: Mapping[MovedBy | None, str] = {None: "null", **{word: f'"{word}"' for word in get_args(MovedBy)}}


class TooLittleRead(ValueError):
    """Only the head of the candidates was read, and to fill the answer all must be."""


class Popular:
    """Answers by popularity from one catalogue and one policy."""

    def __init__(self, catalogue: Catalogue, policy: Policy, policy_digest: str) -> None:
        self._catalogue = catalogue
        self._screening = Screening(catalogue.every)
        self._policy = policy
        facts = catalogue.every
        self._names = names = facts.names
        points = np.rint(catalogue.popularity * POINT).astype(np.int64)
        by_standing = np.lexsort((facts.place, -points))
        self._by_standing: list[int] = by_standing.tolist()
        self._standing: list[int] = np.argsort(by_standing).tolist()
        self._items = [
            # Open at its end: which place it has by score, and what moved it, depends on the request.
            json.dumps({"id": name, "kind": kind, "score": score, "parts": {"popularity": score}})[:-1]
            for name, kind, score in zip(names.ids, names.kinds, points.tolist(), strict=True)
        ]
        self._digests = json.dumps(
            {
                "policy": policy_digest,
                "model": digest_of("popularity"),
                "features": digest_of(["popularity", catalogue.digest]),
            }
        )

    def answer(
        self, reason: DegradedReason, surface: Surface, asked: Asked, now: datetime, request_id: str
    ) -> bytes:
        """Return the whole answer as JSON, or raise TooLittleRead."""
        allowed, withheld = self._screened(surface, asked, now)
        ordered = [self._by_standing[place] for place in sorted(map(self._standing.__getitem__, allowed))]
        slots = self._spaced(surface, asked, ordered)
        if slots is None or not (asked.whole or len(slots) == asked.limit):
            raise TooLittleRead
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
        context, ids, recordings = asked.context, self._names.ids, self._screening.recordings
        rules = self._screening.verdicts(surface, context, now)
        worn = self._policy.worn(self._catalogue.kinds_of(context.recently_shown))
        special = self._screening.special(context, self._catalogue.playing(context.now_playing), worn)
        seen, allowed, withheld = set[int](), list[int](), list[tuple[str, str]]()
        for row in asked.rows.tolist():
            code = min(rules[row], special[row]) if row in special else rules[row]
            recording = recordings[row]
            if code == ALLOWED and recording not in seen:
                seen.add(recording)
                allowed.append(row)
            else:
                withheld.append((ids[row], REASONS[code] if code != ALLOWED else "duplicate"))
        if asked.unknown:
            withheld = sorted((*withheld, *((name, "unknown") for name in asked.unknown)))
        return allowed, [f'{{"id":"{name}","reason":"{reason}"}}' for name, reason in withheld]

    def _spaced(self, surface: Surface, asked: Asked, ordered: list[int]) -> Sequence[Placed] | None:
        """Return the slots; None where the head of the candidates does not decide who stands in them."""
        names, pins, spacing = self._names, asked.context.pins, self._policy.spacing[surface]
        playing = self._catalogue.playing(asked.context.now_playing)
        before = () if playing is None else ((playing.artist, playing.kind),)
        if not asked.whole:
            return (
                None
                if pins
                else space_simply(ordered, names.artists, names.kinds, spacing, asked.limit, before)
            )
        return space(
            ordered,
            names.artists,
            names.kinds,
            spacing=spacing,
            limit=asked.limit,
            before=before,
            pinned=pinned(pins, [names.ids[row] for row in ordered]) if pins else None,
        )
