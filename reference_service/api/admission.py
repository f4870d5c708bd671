"""Who is ranked in full, and who is answered at once with what is popular.

It stands before the routes, because a request that is shed must cost little: it is not even parsed in full.
The body is read before a place is taken, so that a slow client holds nothing.
"""

import asyncio
import time
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_service.api.problems import Busy, refuse
from reference_service.api.routes import CARDS, UP_NEXT
from reference_service.api.shedding import Shedding, Visit
from reference_service.ranking.nouns import Surface
from reference_service.resilience.deadline import HEADER, LEAST_MS, MOST_MS, Budget, begin, milliseconds
from reference_service.telemetry.metrics import Metrics

NAME = HEADER.lower().encode()
JSON = (b"content-type", b"application/json")
SURFACES: Mapping[str, Surface] = {CARDS: "cards", UP_NEXT: "up_next"}
OPERATIONS: Mapping[Surface, str] = {"cards": "rankCards", "up_next": "rankUpNext"}
RESERVE_SECONDS, RESERVE_SHARE = 0.03, 0.2
"""What is kept of a deadline for answering with what is popular, where the rest of it did not do."""
LONGEST_READ_SECONDS = 10.0
"""What a client may take to send its body, where it sets no deadline of its own."""


class Admission:
    """Admits rankings up to an adaptive limit, and sheds the others.

    patience  seconds that a request without a deadline of its own may take, or None for no bound
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        shedding: Shedding,
        metrics: Metrics,
        patience: float | None,
    ) -> None:
        self._app = app
        self._shedding = shedding
        self._rankings = shedding.rankings
        self._patience = patience
        self._limit = limit = shedding.limit
        metrics.watch("now_playing_limit", "Rankings that may be in work at once.", limit.size)
        metrics.watch("now_playing_in_work", "Rankings that are in work.", lambda: limit.running)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        surface = SURFACES.get(scope["path"]) if scope["type"] == "http" else None
        if surface is None or scope["method"] != "POST" or self._rankings.ranker is None:
            await self._app(scope, receive, send)
            return
        # Before anything can fail, so that failures are counted and traced under their operation.
        scope["state"]["operation"] = OPERATIONS[surface]
        started = time.monotonic()
        try:
            budget = Budget(self._deadline(scope, started))
            body = await _body(receive, budget.stage(LONGEST_READ_SECONDS, started))
            begin(budget)
            await self._limited(scope, surface, body, receive, send, budget)
        except HTTPException as refusal:
            await refuse(scope, receive, send, refusal)

    async def _limited(
        self, scope: Scope, surface: Surface, body: bytes, receive: Receive, send: Send, budget: Budget
    ) -> None:
        began = time.monotonic()
        admitted = self._limit.acquire(budget.left(began))
        try:
            await self._answer(scope, surface, body, receive, send, admitted=admitted)
        finally:
            if admitted:
                self._limit.release(began + budget.waited, time.monotonic(), done=not budget.spent)

    async def _answer(
        self, scope: Scope, surface: Surface, body: bytes, receive: Receive, send: Send, *, admitted: bool
    ) -> None:
        ranker = self._rankings.ranker
        reader = None if ranker is None or JSON not in scope["headers"] else ranker.reader
        request_id = scope["state"]["request_id"]
        if not admitted:
            content = None if reader is None else self._shed(surface, body, request_id)
            # To say what is wrong with a request takes as long as to rank it.
            if content is None:
                raise Busy
        elif reader is None or (asked := reader.read(surface, body)) is None:
            # What is wrong with it is for the full reading to say.
            await self._app(scope, _replayed(body, receive), send)
            return
        else:
            content = await self._rankings.rank(surface, asked, request_id)
        headers = [(b"content-length", b"%d" % len(content)), JSON]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _shed(self, surface: Surface, body: bytes, request_id: str) -> bytes | None:
        visit = Visit(surface, request_id, body, start=0, missing=0, left=None, arrived=time.monotonic())
        return self._shedding.answers([visit])[0]

    def _deadline(self, scope: Scope, now: float) -> float | None:
        texts = [text for name, text in scope["headers"] if name == NAME]
        if not texts:
            return None if self._patience is None else instant(now, self._patience)
        # Two contradict each other, so neither counts.
        given = milliseconds(texts[0]) if len(texts) == 1 else None
        if given is None:
            raise HTTPException(
                422, f"{HEADER} is not one whole number from {LEAST_MS} to {MOST_MS}; correct or omit it"
            )
        return instant(now, given / 1_000)


def instant(now: float, seconds: float) -> float:
    """Return when work must be given up for the answer to leave in time all the same."""
    return now + seconds - min(RESERVE_SECONDS, RESERVE_SHARE * seconds)


async def _body(receive: Receive, seconds: float | None) -> bytes:
    """Return the whole body, or raise HTTPException where it does not come in time or at all."""
    parts = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise HTTPException(400, "the client went away")
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise HTTPException(408, "the body did not arrive in time", {"Connection": "close"}) from None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives the body again, then whatever the client does next."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
