"""From a request to its answer: read features, rank, and say what the answer rests on.

Ranking runs on a thread of its own: while it works, the event loop must be free to answer whoever cannot be
ranked in time.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from reference_service.api.popular import Popular
from reference_service.api.reading.lean import Asked, Reader
from reference_service.api.responses import DegradedReason
from reference_service.api.worker import Worker
from reference_service.features.assembly import NAMES, assemble
from reference_service.features.catalogue import Catalogue
from reference_service.features.digest import digest_of
from reference_service.features.listeners import DEFAULT, FeaturesUnavailable, Listener, ListenerStore
from reference_service.models.choice import Models
from reference_service.models.documents import BundleError
from reference_service.models.remote.model import Question as RemoteQuestion
from reference_service.models.remote.model import RemoteModel
from reference_service.models.remote.tensors import RemoteError
from reference_service.models.serving import Fixed
from reference_service.ranking.nouns import (
    Features,
    Filtered,
    Policy,
    Question,
    Ranking,
    Scorer,
    Screened,
    Surface,
)
from reference_service.ranking.policy import POLICY
from reference_service.ranking.rank import rank
from reference_service.ranking.screening import Screening
from reference_service.resilience.deadline import current
from reference_service.telemetry.metrics import Metrics

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Answer:
    """A ranking, what it rests on, and whether it is what full quality would have been."""

    ranking: Ranking
    digests: Mapping[str, str]
    degraded_reason: DegradedReason | None


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that a ranking needs but its scores: what may be shown and its features, and the ids that do not exist."""

    screened: Screened
    features: Features
    unknown: tuple[str, ...]


class CannotScore(RuntimeError):
    """No model scores, not even the bundle's own; the caller answers with what is popular."""


class Ranker:
    """Answers rankings from one catalogue, one store and one policy, each by the model that serves then."""

    def __init__(
        self,
        catalogue: Catalogue,
        store: ListenerStore,
        models: Models,
        metrics: Metrics,
        policy: Policy = POLICY,
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self.models = models
        self._metrics = metrics
        self._policy = policy
        self.digests = {
            "policy": digest_of(asdict(policy)),
            "features": _features_digest(catalogue, store),
        }
        self._screening = Screening(catalogue.every)
        self.popular = Popular(catalogue, self._screening, policy, self.digests["policy"])
        self.reader = Reader(catalogue.rows)
        self._worker: Worker = Worker()

    @property
    def catalogue(self) -> Catalogue:
        """Return what it ranks from."""
        return self._catalogue

    def beside(self, *, scorer: Scorer | None = None, store: ListenerStore | None = None) -> "Ranker":
        """Return a ranker that differs in its model or its store, and counts for itself."""
        # What rests on the catalogue alone takes a tenth of a second to work out, and is shared.
        other = copy(self)
        other.models = self.models if scorer is None else Models(Fixed(scorer))
        other._store = store or self._store
        other._metrics, other._worker = Metrics(), Worker()
        other.digests = {**self.digests, "features": _features_digest(self._catalogue, other._store)}
        return other

    @property
    def known(self) -> Mapping[str, int]:
        """Return the ids that exist, each with its row."""
        return self._catalogue.rows

    async def answer(self, surface: Surface, asked: Asked, now: datetime) -> Answer:
        """Return the ranking, or raise DeadlineSpent or CannotScore.

        A store or a model server that fails degrades it, and never its hard constraints.
        """
        context = asked.context
        with self._metrics.stage(surface, "features"):
            listener, degraded_reason = await self._listener(context.listener_id)
        with self._metrics.stage(surface, "rank"):
            playing = self._catalogue.playing(context.now_playing)
            shown = context.recently_shown
            worn = self._policy.worn(self._catalogue.kinds_of(shown)) if shown else frozenset[str]()
            question = Question(surface, context, now, asked.limit, playing, worn)
            ranking, model, poorer = await self._ranked(asked, listener, question)
        for reason, count in Counter([item.reason for item in ranking.filtered]).items():
            self._metrics.count_filtered(surface, reason, count)
        return Answer(ranking, {**self.digests, "model": model}, degraded_reason or poorer)

    async def _listener(self, listener_id: str) -> tuple[Listener, DegradedReason | None]:
        try:
            return await self._store.read(listener_id), None
        except FeaturesUnavailable as failure:
            reason: DegradedReason = (
                "features_unavailable" if failure.last_known is None else "features_stale"
            )
            self._metrics.count_degraded(reason)
            return failure.last_known or DEFAULT, reason

    async def _ranked(
        self, asked: Asked, listener: Listener, question: Question
    ) -> tuple[Ranking, str, DegradedReason | None]:
        """Return the ranking and its model's digest: one model scores all of it, whatever is swapped meanwhile."""
        scorer, remote = self.models.scorer, self.models.remote
        gather = partial(self._gathered, asked, listener, question)
        if remote is None:
            ranking = await self._in_time(lambda: self._rank(gather(), scorer, question))
            return ranking, scorer.digest, None
        asks = remote.allows()
        gathered, encoded = await self._in_time(
            lambda: _encoded(gather(), question, remote if asks else None)
        )
        poorer: DegradedReason | None = None
        try:
            if encoded is None:
                raise RemoteError
            with self._metrics.stage(question.surface, "model"):
                scorer = await remote.ask(encoded)
        except RemoteError:
            poorer = "model_unavailable"
            self._metrics.count_degraded(poorer)
        ranking = await self._in_time(lambda: self._rank(gathered, scorer, question))
        return ranking, scorer.digest, poorer

    async def _in_time(self, work: Callable[[], Result]) -> Result:
        return await self._worker.run(work, current().left(time.monotonic()))

    def close(self) -> None:
        """Give back the thread once the work under way has ended."""
        self._worker.close()

    def _gathered(self, asked: Asked, listener: Listener, question: Question) -> Gathered:
        screened = self._screening.screen(asked.rows, question)
        sources = asked.sources.take(screened.places)
        features = assemble(self._catalogue, screened.rows, sources, listener, question)
        return Gathered(screened, features, asked.unknown)

    def _rank(self, gathered: Gathered, scorer: Scorer, question: Question) -> Ranking:
        try:
            ranking = rank(gathered.screened, gathered.features, scorer, question, self._policy)
        except BundleError as error:
            raise CannotScore(str(error)) from error
        if not gathered.unknown:
            return ranking
        withheld = (*ranking.filtered, *(Filtered(name, "unknown") for name in gathered.unknown))
        return Ranking(ranking.items, tuple(sorted(withheld, key=lambda item: item.id)))


def _features_digest(catalogue: Catalogue, store: ListenerStore) -> str:
    return digest_of([NAMES, catalogue.digest, store.digest])


def _encoded(
    gathered: Gathered, question: Question, remote: RemoteModel | None
) -> tuple[Gathered, RemoteQuestion | None]:
    """Return what was gathered, and what to ask a model server of it: encoding takes as long as ranking."""
    if remote is None:
        return gathered, None
    return gathered, remote.question(question.surface, gathered.features)
