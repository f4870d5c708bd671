"""One connection: what the desk serves, and all else as uvicorn serves it.

Answers keep the order of requests: what comes while a ranking is in work waits for its turn. What is to be shed waits
for five milliseconds, and is answered together with what came meanwhile; what has little time left does not wait.
"""

import asyncio
import time
from collections.abc import Coroutine

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from reference_service.api.desk import Desk
from reference_service.api.shedding import Visit

PUSH_BACK_SECONDS = 1.0
GATHER_SECONDS = 0.2
"""How long a body may come in pieces before it is left to those who say that it is late."""
TOGETHER_SECONDS = 0.005
"""How long what is to be shed waits for more of the kind: together each takes less."""
HURRIED_SECONDS = 4 * TOGETHER_SECONDS
"""With so little time left nothing waits for others."""
MOST_HELD = 65_536


def attended_by(desk: Desk) -> type[HttpToolsProtocol]:
    """Return uvicorn's protocol with this desk before it."""

    class Attended(_Attended):
        """One connection."""

    Attended.desk, Attended.crowd = desk, Crowd(desk)
    return Attended


class Crowd:
    """The connections whose requests are to be shed next."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: list[tuple[_Attended, Visit]] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, connection: "_Attended", visit: Visit) -> None:
        """Answer this visit soon; `connection` is told."""
        is_hurried = visit.left is not None and visit.left < HURRIED_SECONDS
        if self._timer is not None and is_hurried:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = connection.loop.call_later(0 if is_hurried else TOGETHER_SECONDS, self._shed)
        self._waiting.append((connection, visit))

    def _shed(self) -> None:
        waiting, self._waiting, self._timer = self._waiting, [], None
        responses: list[bytes | None] = [None] * len(waiting)
        try:
            defaults = waiting[0][0].server_state.default_headers
            responses = self._desk.shed([visit for _, visit in waiting], defaults)
        finally:
            # Where it failed, the usual way fails likewise and tells the client and the log.
            for (connection, visit), response in zip(waiting, responses, strict=True):
                connection.served(response, visit.data)


class _Attended(HttpToolsProtocol):
    desk: Desk
    crowd: Crowd
    _between_requests = True
    _is_served = False
    _closes = False
    _rested = 0.0
    _missing = 0
    _timer: asyncio.TimerHandle | None = None
    _pieces: list[bytes]
    """What has come and waits: for the rest of its body, or for the ranking before it."""

    def data_received(self, data: bytes) -> None:
        """Serve at the desk, or pass on."""
        if self._is_served:
            self._hold(data)
        elif self._missing:
            self._gather(data)
        elif not self._is_idle() or (visit := self.desk.visit(data)) is None:
            super().data_received(data)
        elif visit.missing:
            self._missing, self._pieces = visit.missing, [data]
            self._timer = self.loop.call_later(GATHER_SECONDS, self._pass_on)
        elif not self._serve(visit, data):
            super().data_received(data)

    def _is_idle(self) -> bool:
        # Before its first request a connection has no cycle, whatever uvicorn's types say.
        complete = getattr(self.cycle, "response_complete", True)
        return self._between_requests and complete and not self.pipeline and not self.flow.write_paused

    def _serve(self, visit: Visit, data: bytes) -> bool:
        """Return whether this request is served here."""
        defaults = self.server_state.default_headers
        if not self.desk.has_room(visit):
            self._is_served, self._pieces = True, []
            self.crowd.add(self, visit)
            return True
        work = self.desk.ranking(visit, defaults)
        if work is None:
            return False
        self._is_served, self._pieces = True, []
        task = self.loop.create_task(self._rank(work, data))
        self.tasks.add(task)
        task.add_done_callback(self._over)
        return True

    def _over(self, task: "asyncio.Task[None]") -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            # It has been told: the usual way failed likewise.
            task.exception()

    async def _rank(self, work: Coroutine[None, None, bytes | None], data: bytes) -> None:
        response = None
        try:
            response = await work
        finally:
            # Where it failed, the usual way fails likewise and tells the client and the log.
            self.served(response, data)

    def served(self, response: bytes | None, data: bytes) -> None:
        """Send this response to the request of these bytes, or pass that on where there is none."""
        self._is_served = False
        if self.transport.is_closing():
            return
        if response is None:
            super().data_received(data)
        else:
            self.transport.write(response)
            self._stay_open()
        if self._closes:
            super().shutdown()
        elif self._pieces:
            held, self._pieces = b"".join(self._pieces), []
            self.flow.resume_reading()
            self.data_received(held)

    def _hold(self, data: bytes) -> None:
        self._pieces.append(data)
        if sum(map(len, self._pieces)) > MOST_HELD:
            self.flow.pause_reading()

    def _gather(self, data: bytes) -> None:
        self._pieces.append(data)
        self._missing -= len(data)
        if self._missing <= 0:
            self._pass_on()

    def _pass_on(self) -> None:
        """Serve what has been gathered."""
        self._stop_waiting()
        data, self._missing = b"".join(self._pieces), 0
        visit = self.desk.visit(data)
        if visit is None or visit.missing or not self._serve(visit, data):
            super().data_received(data)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stay_open(self) -> None:
        now = time.monotonic()
        # An idle connection is closed after seconds: to push that back at every answer takes as long as to
        # read its headers.
        if now - self._rested > PUSH_BACK_SECONDS:
            self._rested = now
            self.on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it is idle."""
        if self._is_served or self._missing:
            self._rested = 0.0
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """Close the connection once it has its answer."""
        if self._is_served:
            self._closes = True
        else:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what waits."""
        self._stop_waiting()
        self._pieces = []
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Note that a request has begun, which may come in pieces."""
        self._between_requests = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that a request has come whole."""
        super().on_message_complete()
        self._between_requests = True
