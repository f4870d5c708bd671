"""What surrounds every request: its id, and the counting of its answer.

Plain ASGI, because a middleware that wraps requests and responses in objects costs more than the ranking.
"""

import hashlib
import os
import re
import time
from functools import lru_cache

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_service.api.lifecycle import Lifecycle
from reference_service.telemetry.metrics import Metrics

MOST_DERIVED = 256
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")


class BodyLimit:
    """Refuses a request whose body is longer than `most` bytes, before it is held in memory."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        left = self._most

        async def receive_some() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"the body is longer than {self._most} bytes")
            return message

        await self._app(scope, receive_some, send)


class Envelope:
    """Gives each request an id, answers it in X-Request-ID, and counts the answer.

    With `replayed` the id of a request without one derives from its method and path, so that a replay
    repeats its bytes. While the process drains, every answer asks its client to connect elsewhere next time.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, lifecycle: Lifecycle, replayed: bool) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._replayed = replayed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = self._request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"x-request-id"]
                message["headers"] = [*headers, (b"x-request-id", request_id.encode())]
                if self._lifecycle.draining:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        finally:
            routed = getattr(scope.get("route"), "operation_id", None)
            operation = routed or scope["state"].get("operation", "none")
            self._metrics.count_request(operation, status, time.perf_counter() - started)

    def _request_id(self, scope: Scope) -> str:
        for name, text in scope["headers"]:
            if name == b"x-request-id" and REQUEST_ID.match(text):
                given: bytes = text
                return given.decode()
        return request_id_of(scope["method"], scope["path"], replayed=self._replayed)


def request_id_of(method: str, path: str, *, replayed: bool) -> str:
    """Return an id for a request without one: in a replay what derives from method and path, else a new one."""
    return _derived(method, path) if replayed else os.urandom(16).hex()


@lru_cache(maxsize=MOST_DERIVED)
def _derived(method: str, path: str) -> str:
    return hashlib.sha256(f"{method} {path}".encode("utf-8", "backslashreplace")).hexdigest()[:32]
