"""One script of requests against the application, in an event loop and a lifespan of its own."""

from __future__ import annotations

import asyncio
import json
import os
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from guardrails.payload.application import Application, Lifespan, Message, described
    from guardrails.payload.binding import bound
    from guardrails.payload.freeze import Frozen
else:
    # In the box this folder stands alone, so its files know each other by bare names.
    from application import Lifespan, described
    from binding import bound

ANSWER_BYTES = 4 << 20
_LENGTHS = struct.Struct(">II")
_USUAL = {b"user-agent": b"curl/8.5.0", b"accept": b"*/*"}


class Client(NamedTuple):
    """Who asks, as the application sees it: host header, own address, and that which was asked."""

    host: bytes
    address: tuple[str, int]
    server: tuple[str, int]


NEAR = Client(b"localhost", ("127.0.0.1", 50000), ("127.0.0.1", 80))
AFAR = Client(b"localhost:8000", ("10.42.7.19", 41873), ("10.42.7.2", 8000))


class TooLong(Exception):
    """An answer is longer than anybody will compare."""


class Performance:
    """Plays steps one after the other and writes one frame for each."""

    def __init__(
        self,
        application: Application,
        still: Frozen,
        report: int,
        at_end: Callable[[], None],
        client: Client,
    ) -> None:
        self._client = client
        self._application = application
        self._at_end = at_end
        self._still = still
        self._report = report
        self._bodies: list[bytes] = []
        self._pid = os.getpid()

    def play(self, steps: list[Any], first: int) -> None:
        """Play all steps, numbered from `first` on; raises what the start-up of the application raises."""
        asyncio.run(self._play(steps, first))

    async def _play(self, steps: list[Any], first: int) -> None:
        lifespan = Lifespan(self._application)
        self._still.hold(0)
        if not await lifespan.start():
            raise RuntimeError("start-up: %s" % lifespan.failure)
        loop = asyncio.get_running_loop()
        for index, step in enumerate(steps, first + 1):
            method, path, headers, body, uses = step
            path, body = bound(path, body, uses, self._bodies)
            self._still.hold(index)
            exchange = Exchange(body.encode("latin-1"))
            scope = _scope(method, path, headers, lifespan.state, self._client)
            # A task, and so a context, of its own, as every server gives to a request.
            await loop.create_task(exchange.run(self._application, scope))
            self._keep(exchange)
        self._at_end()
        os.close(self._report)
        os._exit(0)  # a lifespan may take its time to end, and nobody looks at what it leaves

    def _keep(self, exchange: Exchange) -> None:
        if os.getpid() != self._pid:
            os._exit(0)  # the process that was asked is gone, and a child of it is no service
        header, body = exchange.told()
        self._bodies.append(body)
        text = json.dumps(header).encode()
        # At once, so that a watcher sees progress and a later death loses nothing.
        data = memoryview(_LENGTHS.pack(len(text), len(body)) + text + body)
        while data:
            data = data[os.write(self._report, data) :]


class Exchange:
    """One request and what the application answers."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._parts: list[bytes] = []
        self._size = 0
        self._over = False
        self._crash = ""

    async def run(self, application: Application, scope: Message) -> None:
        """Let the application answer; a crash is kept, however far the answer was."""
        try:
            await application(scope, self._receive, self._send)
        except Exception as error:  # noqa: BLE001 - any crash of the application is what we observe
            self._crash = described(error)

    def told(self) -> tuple[dict[str, object], bytes]:
        """Return the header and body of the frame."""
        if self._crash and not self._over:
            return {"status": 500, "headers": [], "crash": self._crash}, b"Internal Server Error"
        if not self._over:
            return {"silent": "it returned without a whole response"}, b""
        header: dict[str, object] = {"status": self._status, "headers": self._headers}
        if self._crash:
            header["crash"] = self._crash
        return header, b"".join(self._parts)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self._over:
            await asyncio.get_running_loop().create_future()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = int(message["status"])  # type: ignore[call-overload]  # the application's own
            self._headers = [
                (bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1"))
                for name, value in message.get("headers", ())  # type: ignore[attr-defined]  # as above
            ]
        elif message["type"] == "http.response.body":
            body = bytes(message.get("body", b""))  # type: ignore[call-overload]  # as above
            self._size += len(body)
            if self._size > ANSWER_BYTES:
                raise TooLong("the answer is longer than %d MiB" % (ANSWER_BYTES >> 20))
            self._parts.append(body)
            self._over = not message.get("more_body", False)
            if not self._over:
                await asyncio.sleep(0)


def _scope(method: str, target: str, headers: list[Any], state: Message, client: Client) -> Message:
    raw_path, _, query = target.encode("ascii", "replace").partition(b"?")
    sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    known = {name for name, _ in sent}
    # What curl sends with a witness: a request that lacks it would tell the application who asks.
    usual = {b"host": client.host, **_USUAL}
    sent += [(name, value) for name, value in usual.items() if name not in known]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method.upper(),
        "scheme": "http",
        "path": unquote_to_bytes(raw_path).decode("utf-8", "replace"),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": sent,
        "client": client.address,
        "server": client.server,
        "state": dict(state),
    }
