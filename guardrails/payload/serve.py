"""Serves one ASGI application over an inherited unix socket, by the standard library alone.

It runs in the project's interpreter inside the box, so a project needs no server of its own to
be judged, and base and head are served alike. A crash of the application is answered with 500
and a header that names it, because what the harness judges is what a client can observe.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guardrails.payload.application import Application, Lifespan, described, enter, load
    from guardrails.payload.exchange import Exchange
    from guardrails.payload.request import MAX_HEAD_BYTES, Refused, requests_in
else:
    # In the box this folder stands alone, so its files know each other by bare names.
    from application import Lifespan, described, enter, load
    from exchange import Exchange
    from request import MAX_HEAD_BYTES, Refused, requests_in

GRACE_SECONDS = 5.0


class Connection(asyncio.Protocol):
    """One client: its requests in order, one at a time."""

    def __init__(self, house: House) -> None:
        self.gone = False
        self._house = house
        self._buffer = bytearray()
        self._requests = requests_in(self._buffer, self._say_continue)
        self._exchange: Exchange | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._house.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Collect bytes; begin the next exchange when none is under way."""
        self._buffer += data
        if self._exchange is None:
            self._next()
        elif len(self._buffer) > MAX_HEAD_BYTES:
            self._transport.pause_reading()

    def _next(self) -> None:
        try:
            request = next(self._requests)
        except Refused as refusal:
            self.write(b"HTTP/1.1 %d -\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % refusal.status)
            self._transport.close()
            return
        if request is not None:
            self._exchange = Exchange(self, request)
            self._house.answer(self._exchange)

    def finish(self, exchange: Exchange) -> None:
        """Take the next request, or close."""
        self._exchange = None
        exchange.end()
        if exchange.keeps_alive and not self._house.closing:
            self._transport.resume_reading()
            if self._buffer:
                self._next()
            if not self.gone:
                return
        self.close_when_idle()

    def write(self, data: bytes) -> None:
        """Send bytes to the client, or nowhere when it has left."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drain(self) -> None:
        """Wait while the client reads more slowly than we write."""
        await self._writable.wait()

    def abort(self) -> None:
        """Drop the connection at once, so that a broken answer cannot look whole."""
        self._transport.abort()

    def close_when_idle(self) -> None:
        """Close now, or after the exchange that is under way."""
        if self._exchange is None:
            self._transport.close()

    def _say_continue(self) -> None:
        self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def pause_writing(self) -> None:
        """Make `drain` wait."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let `drain` go on."""
        self._writable.set()

    def eof_received(self) -> bool:
        """Tell the application that the client sends no more; an answer under way still goes out."""
        self._leave()
        return self._exchange is not None

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client."""
        del error
        self._leave()
        self._writable.set()
        self._house.connections.discard(self)

    def _leave(self) -> None:
        self.gone = True
        if self._exchange is not None:
            self._exchange.end()


class House:
    """The application, its connections and its unfinished work."""

    def __init__(self, application: Application) -> None:
        self.closing = False
        self.connections: set[Connection] = set()
        self._application = application
        self._lifespan = Lifespan(application)
        self._work: set[asyncio.Task[None]] = set()

    def answer(self, exchange: Exchange) -> None:
        """Let the application answer in a task, and so in a context, of its own."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(exchange.run(self._application, self._lifespan.state))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def serve(self, listener: socket.socket, report: int) -> int:
        """Serve until SIGTERM; return the exit code."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, ended.set)
        if not await self._lifespan.start():
            tell(report, {"failed": f"start-up: {self._lifespan.failure}"[:2000]})
            return 1
        # Not `create_unix_server`, which since Python 3.13 wants to clean up the socket's path.
        server = await loop.create_server(lambda: Connection(self), sock=listener)
        tell(report, {"ready": True})
        await ended.wait()
        self.closing = True
        server.close()
        for connection in list(self.connections):
            connection.close_when_idle()
        if self._work:
            await asyncio.wait(self._work, timeout=GRACE_SECONDS)
        await self._lifespan.stop(GRACE_SECONDS)
        return 0


def tell(report: int, line: dict[str, object]) -> None:
    """Write one JSON line to the harness and close the pipe; a harness that has left is no error."""
    try:
        os.write(report, json.dumps(line).encode() + b"\n")
        os.close(report)
    except OSError:
        traceback.print_exc()


def main(argument: str) -> int:
    """Load the application that the JSON `argument` names and serve it on its socket."""
    order = json.loads(argument)
    for descriptor in (order["socket"], order["report"]):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the standard library's own signature
    enter(order["root"])
    try:
        application = load(order["app"], factory=order["factory"])
    except BaseException as error:
        reason = f"{described(error)}: {error}"
        tell(order["report"], {"failed": f"import of {order['app']}: {reason}"[:2000]})
        raise
    return asyncio.run(_serve(application, socket.socket(fileno=order["socket"]), order["report"]))


async def _serve(application: Application, listener: socket.socket, report: int) -> int:
    # Before Python 3.10 queues and events belong to the loop that runs when they are made.
    return await House(application).serve(listener, report)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
