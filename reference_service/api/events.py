"""The endpoint for what listeners did with what they were shown."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.exceptions import HTTPException

from reference_service.api import responses
from reference_service.api.problems import NotReady, Problem, request_id_of
from reference_service.api.requests import MOST_TRACKS, WHOLE, Id, Message
from reference_service.api.responses import RequestId
from reference_service.api.routes import REFUSALS
from reference_service.events.log import Event as Line
from reference_service.events.log import EventLog, LogUnavailable
from reference_service.ranking.nouns import Surface

MOST_EVENTS = 100
LATEST_MS = 4_102_444_800_000
DAY_MS = 86_400_000

NOT_HELD: dict[int | str, dict[str, Any]] = {  # Any: FastAPI's own type of `responses`
    503: {
        "model": Problem,
        "description": "The events are not held: the log is full or its disk fails, or the service is starting or"
        " stopping. Send them again later, with the same ids.",
    }
}


class Event(Message):
    """One thing that a listener did."""

    id: Annotated[
        Id, Field(description="Chosen by the client; an id that was held before is not held again.")
    ]
    type: Literal["impression", "play", "skip", "dismissal"]
    at_ms: Annotated[int, Field(ge=0, le=LATEST_MS, description="Milliseconds since 1970, UTC."), WHOLE]
    listener_id: Id
    item_id: Id
    surface: Surface
    ranking_id: Annotated[Id | None, Field(description="The request id of the answer that showed it.")] = None
    position: Annotated[
        int | None, Field(ge=1, le=MOST_TRACKS, description="1 for the first item."), WHOLE
    ] = None
    played_ms: Annotated[int | None, Field(ge=0, le=DAY_MS), WHOLE] = None


class EventsRequest(Message):
    """Events, in any order."""

    events: Annotated[list[Event], Field(min_length=1, max_length=MOST_EVENTS)]


class EventsAnswer(responses.Message):
    """All events of the request are durable, those that were known before included."""

    request_id: RequestId
    accepted: Annotated[int, Field(ge=0, le=MOST_EVENTS, description="How many were new.")]
    duplicates: Annotated[int, Field(ge=0, le=MOST_EVENTS, description="How many were held before.")]


class NotHeld(HTTPException):
    """The events were not made durable; sending them again is safe."""

    def __init__(self, reason: str) -> None:
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, reason, {"Retry-After": "5"})


class Events:
    """The handler of events; not ready until `log` is set."""

    def __init__(self) -> None:
        self.log: EventLog | None = None

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter()
        router.post(
            "/v1/now-playing/events",
            operation_id="recordEvents",
            tags=["events"],
            responses={**REFUSALS, **NOT_HELD},
        )(self.record)
        return router

    async def record(self, request: Request, body: EventsRequest) -> EventsAnswer:
        """Hold events: answered once they are durable, and each id is held once."""
        if self.log is None:
            raise NotReady
        lines = [Line(event.id, event.model_dump_json(exclude_none=True).encode()) for event in body.events]
        try:
            held = await self.log.append(lines)
        except LogUnavailable as failure:
            raise NotHeld(str(failure)) from None
        return EventsAnswer(
            request_id=request_id_of(request), accepted=held.accepted, duplicates=held.duplicates
        )
