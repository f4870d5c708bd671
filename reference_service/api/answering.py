"""From a request to its answer: read features, rank, and say what the answer rests on.

Scoring runs on the event loop because 500 candidates take well under a millisecond here; a model that
takes longer belongs in an executor.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from reference_service.api.responses import DegradedReason
from reference_service.features.assembly import NAMES, assemble
from reference_service.features.catalogue import Catalogue
from reference_service.features.listeners import DEFAULT, FeaturesUnavailable, Listener, ListenerStore
from reference_service.ranking.eligibility import distinct
from reference_service.ranking.nouns import (
    Candidate,
    Context,
    Filtered,
    Policy,
    Question,
    Ranking,
    Scorer,
    Surface,
)
from reference_service.ranking.rank import rank
from reference_service.telemetry.metrics import Metrics

POLICY = Policy(artist_gap={"cards": 0, "up_next": 2})


@dataclass(frozen=True, slots=True)
class Answer:
    """A ranking, and whether it is what full quality would have been."""

    ranking: Ranking
    degraded_reason: DegradedReason | None


class Ranker:
    """Answers rankings from one catalogue, one store, one model and one policy."""

    def __init__(
        self,
        catalogue: Catalogue,
        store: ListenerStore,
        scorer: Scorer,
        metrics: Metrics,
        policy: Policy = POLICY,
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self._scorer = scorer
        self._metrics = metrics
        self._policy = policy
        self.digests = {
            "policy": _digest(asdict(policy)),
            "model": scorer.digest,
            "features": _digest([NAMES, catalogue.digest, store.digest]),
        }

    async def answer(
        self, surface: Surface, context: Context, candidates: Iterable[Candidate], limit: int, now: datetime
    ) -> Answer:
        """Return the ranking; a store that fails degrades it, and never its hard constraints."""
        with self._metrics.stage(surface, "features"):
            listener, degraded_reason = await self._listener(context.listener_id)
        with self._metrics.stage(surface, "rank"):
            question = Question(
                surface, context, now, limit, playing=self._catalogue.playing(context.now_playing)
            )
            ranking = self._rank(candidates, listener, question)
        for reason, count in Counter(item.reason for item in ranking.filtered).items():
            self._metrics.count_filtered(surface, reason, count)
        return Answer(ranking, degraded_reason)

    async def _listener(self, listener_id: str) -> tuple[Listener, DegradedReason | None]:
        try:
            return await self._store.read(listener_id), None
        except FeaturesUnavailable:
            self._metrics.count_degraded("features_unavailable")
            return DEFAULT, "features_unavailable"

    def _rank(self, candidates: Iterable[Candidate], listener: Listener, question: Question) -> Ranking:
        sources = distinct(candidates)
        unknown = sources.keys() - self._catalogue.rows.keys()
        for name in unknown:
            del sources[name]
        rows = self._catalogue.locate(sources)
        features = assemble(self._catalogue, rows, sources.values(), listener, question)
        ranking = rank(self._catalogue.facts(rows), features, self._scorer, question, self._policy)
        withheld = (*ranking.filtered, *(Filtered(name, "unknown") for name in unknown))
        return Ranking(ranking.items, tuple(sorted(withheld, key=lambda item: item.id)))


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
