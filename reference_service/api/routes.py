"""The endpoints: each reads a typed request, asks the ranker, and renders an answer."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from starlette.responses import Response

from reference_service.api.answering import Answer, CannotScore, Ranker
from reference_service.api.lifecycle import Lifecycle
from reference_service.api.popular import Seen
from reference_service.api.problems import NotReady, Problem, request_id_of
from reference_service.api.reading.lean import Asked, asked_of
from reference_service.api.requests import CardsRequest, UpNextRequest
from reference_service.api.responses import LONGEST_FAULT, DegradedReason, Health, RankingAnswer, Readiness
from reference_service.api.worker import DeadlineSpent
from reference_service.ranking.nouns import Surface
from reference_service.resilience.deadline import current
from reference_service.telemetry.metrics import Metrics

CARDS, UP_NEXT = "/v1/now-playing/cards:rank", "/v1/now-playing/up-next:rank"

# FastAPI types the values of `responses` as Any.
Statuses = dict[int | str, dict[str, Any]]

NOT_READY: Statuses = {
    503: {
        "model": Problem,
        "description": "The service is starting or stopping, or too busy to say what is wrong.",
    }
}
REFUSALS: Statuses = {
    400: {"model": Problem, "description": "The body cannot be read as JSON."},
    413: {"model": Problem, "description": "The body is too long."},
    422: {"model": Problem, "description": "The request breaks this contract; `errors` says where."},
}
LATE: Statuses = {408: {"model": Problem, "description": "The body did not arrive in time."}}


class Rankings:
    """The handlers of both surfaces; not ready until `ranker` is set."""

    def __init__(self, metrics: Metrics, clock: Callable[[], datetime], lifecycle: Lifecycle) -> None:
        self.ranker: Ranker | None = None
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._clock = clock

    def router(self) -> APIRouter:
        """Return the routes of the service."""
        router = APIRouter()
        ranking: dict[str, Any] = {
            "response_model": RankingAnswer,
            "responses": {**REFUSALS, **LATE, **NOT_READY},
        }
        router.post(CARDS, operation_id="rankCards", tags=["ranking"], **ranking)(self.rank_cards)
        router.post(UP_NEXT, operation_id="rankUpNext", tags=["ranking"], **ranking)(self.rank_up_next)
        router.get("/healthz", operation_id="health", tags=["operation"])(self.health)
        router.get("/readyz", operation_id="readiness", tags=["operation"], responses=NOT_READY)(
            self.readiness
        )
        router.get("/metrics", operation_id="metrics", tags=["operation"], response_class=PlainTextResponse)(
            self.metrics
        )
        return router

    async def rank_cards(self, request: Request, body: CardsRequest) -> Response:
        """Rank the cards that stand under the player."""
        return await self._ranked("cards", request, body)

    async def rank_up_next(self, request: Request, body: UpNextRequest) -> Response:
        """Rank what plays next."""
        return await self._ranked("up_next", request, body)

    async def health(self) -> Health:
        """Answer that the process lives; says nothing of its readiness."""
        return Health()

    async def readiness(self) -> Readiness:
        """Answer whether the service is warm and takes requests."""
        if self.ranker is None or self._lifecycle.draining:
            raise NotReady
        models = self.ranker.models
        return Readiness(model=models.digest, faults=[fault[:LONGEST_FAULT] for fault in models.faults()])

    async def metrics(self) -> Response:
        """Answer all metrics in the Prometheus text format."""
        return PlainTextResponse(self._metrics.text())

    async def rank(self, surface: Surface, asked: Asked, request_id: str) -> bytes:
        """Return the answer as JSON, or raise NotReady; out of time, it is what is popular."""
        ranker = self.ranker
        if ranker is None:
            raise NotReady
        now = self._clock()
        try:
            answer = await ranker.answer(surface, asked, now)
        except DeadlineSpent:
            current().spent = True
            return self.popular("deadline", surface, asked, request_id)
        except CannotScore:
            return self.popular("model_unavailable", surface, asked, request_id)
        with self._metrics.stage(surface, "render"):
            return rendered(answer, request_id)

    def popular(self, reason: DegradedReason, surface: Surface, asked: Asked, request_id: str) -> bytes:
        """Return what is popular of what is asked, as JSON, or raise NotReady or TooLittleRead."""
        if self.ranker is None:
            raise NotReady
        content = self.ranker.popular.answer(reason, surface, asked, self._clock(), request_id)
        self._metrics.count_degraded(reason)
        return content

    def glanced(self, reason: DegradedReason, asked: Sequence[Seen]) -> list[bytes | None]:
        """Return what is popular of what was seen of each, as JSON, or None where more must be read.

        Raise NotReady.
        """
        if self.ranker is None:
            raise NotReady
        contents = self.ranker.popular.answers(reason, asked, self._clock())
        self._metrics.count_degraded(reason, len(contents) - contents.count(None))
        return contents

    async def _ranked(
        self, surface: Surface, request: Request, body: CardsRequest | UpNextRequest
    ) -> Response:
        if self.ranker is None:
            raise NotReady
        asked = asked_of(body, self.ranker.known)
        content = await self.rank(surface, asked, request_id_of(request))
        return Response(content, media_type="application/json")


def rendered(answer: Answer, request_id: str) -> bytes:
    """Return a ranking as the JSON of RankingAnswer."""
    # Straight to bytes: our own values need no second validation, and tests hold them to RankingAnswer.
    return msgspec.json.encode(
        {
            "request_id": request_id,
            "digests": answer.digests,
            "variants": {},
            "degraded": answer.degraded_reason is not None,
            "degraded_reason": answer.degraded_reason,
            "items": answer.ranking.items,
            "filtered": answer.ranking.filtered,
        }
    )
