"""One request and one answer: the ASGI messages of an application, framed as HTTP/1.1."""

from __future__ import annotations

import asyncio
import re
import traceback
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from guardrails.payload.application import Application, Message, described
    from guardrails.payload.request import TOKEN, Request
else:
    # In the box this folder stands alone, so its files know each other by bare names.
    from application import described
    from request import TOKEN

CRASH_HEADER = b"x-guardrails-crash"

_UNSAFE = re.compile(rb"[\x00\r\n]")
_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}


class Wire(Protocol):
    """The connection, as an exchange sees it."""

    gone: bool

    def write(self, data: bytes) -> None:
        """Send bytes to the client, or nowhere when it has left."""

    async def drain(self) -> None:
        """Wait while the client reads more slowly than we write."""

    def finish(self, exchange: Exchange) -> None:
        """Take the next request, or close."""

    def abort(self) -> None:
        """Drop the connection at once, so that a broken answer cannot look whole."""


class Exchange:
    """One request and the answer that the application gives to it."""

    def __init__(self, connection: Wire, request: Request) -> None:
        self.connection = connection
        self.request = request
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.begun = False
        self.complete = False
        self.chunked = False
        self.remaining: int | None = None
        self.keeps_alive = request.keeps_alive()
        self.held: list[bytes] | None = None
        self._asked = False
        self._over: asyncio.Event | None = None

    async def run(self, application: Application, state: Message) -> None:
        """Let the application answer; a crash becomes a 500 that names it."""
        try:
            await application(self._scope(state), self.receive, self.send)
        except Exception as error:  # noqa: BLE001 - any crash of the application is what we observe
            traceback.print_exc()
            await self._answer_crash(described(error))
        else:
            if not self.complete:
                await self._answer_crash("the application returned without a whole response")
        if self.held is not None:
            self._flush_held()

    def _scope(self, state: Message) -> Message:
        raw_path, _, query = self.request.target.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1." + self.request.minor.decode(),
            "method": self.request.method.decode().upper(),
            "scheme": "http",
            "path": unquote_to_bytes(raw_path).decode("utf-8", "replace"),
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": self.request.headers,
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 80),
            "state": dict(state),
        }

    async def receive(self) -> Message:
        """Return the whole body once, then wait until the client leaves or has its answer."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self.request.body, "more_body": False}
        if not (self.complete or self.connection.gone):
            self._over = self._over or asyncio.Event()
            await self._over.wait()
        return {"type": "http.disconnect"}

    def end(self) -> None:
        """Wake whoever waits for the client to leave."""
        if self._over is not None:
            self._over.set()

    async def send(self, message: Message) -> None:
        """Take one ASGI message of the application's answer."""
        kind = message["type"]
        if kind == "http.response.start" and not self.status:
            self._start(message)
        elif kind == "http.response.body" and self.status and not self.complete:
            body, more = message.get("body", b""), bool(message.get("more_body", False))
            if not isinstance(body, (bytes, bytearray, memoryview)):
                raise TypeError(f"the response body is {type(body).__name__}, not bytes")
            await self._write_body(bytes(body), more=more)
        else:
            raise RuntimeError(f"the ASGI message {kind!r} may not be sent here")

    def _start(self, message: Message) -> None:
        status, headers = message["status"], message.get("headers", ())
        if not isinstance(status, int) or not 200 <= status <= 999:  # noqa: PLR2004
            raise ValueError(f"the response status is {status!r}")
        pairs: list[tuple[bytes, bytes]] = []
        for name, value in headers:  # type: ignore[attr-defined]  # the application's own iterable
            name, value = bytes(name).lower(), bytes(value).strip()  # noqa: PLW2901
            if not re.fullmatch(TOKEN, name) or _UNSAFE.search(value):
                raise ValueError(f"the response header {name!r} is malformed")
            pairs.append((name, value))
        self.status, self.headers = int(status), pairs

    async def _write_body(self, body: bytes, *, more: bool) -> None:
        parts = [] if self.begun else [self._head(body, more=more)]
        self.begun = True
        if self.remaining is not None:
            if len(body) > self.remaining:
                self.keeps_alive = False
                raise RuntimeError("the response is longer than its content-length")
            self.remaining -= len(body)
        if body and not self._is_bodiless():
            parts += [b"%x\r\n" % len(body), body, b"\r\n"] if self.chunked else [body]
        if not more and self.chunked:
            parts.append(b"0\r\n\r\n")
        self.complete = not more
        self.keeps_alive = self.keeps_alive and not (self.complete and self.remaining)
        if self.complete and self.status == HTTPStatus.INTERNAL_SERVER_ERROR and len(parts) > 1:
            # A framework answers 500 first and lets the exception go on: wait for its name.
            self.held = parts
            return
        self.connection.write(b"".join(parts))
        if self.complete:
            self.connection.finish(self)
        else:
            await self.connection.drain()

    def _is_bodiless(self) -> bool:
        return self.request.method == b"HEAD" or self.status in {204, 304}

    def _head(self, body: bytes, *, more: bool) -> bytes:
        headers = [pair for pair in self.headers if pair[0] != b"transfer-encoding"]
        lengths = [value for name, value in headers if name == b"content-length"]
        if any(name == b"connection" and b"close" in value.lower() for name, value in headers):
            self.keeps_alive = False
        if lengths:
            self.remaining = None if self._is_bodiless() else int(lengths[0])
        elif not more and self.status not in {204, 304}:
            headers.append((b"content-length", b"%d" % len(body)))
        elif not self._is_bodiless():
            self.chunked = self.request.minor == b"1"
            self.keeps_alive = self.keeps_alive and self.chunked
            headers += [(b"transfer-encoding", b"chunked")] if self.chunked else []
        if not self.keeps_alive and (b"connection", b"close") not in headers:
            headers.append((b"connection", b"close"))
        lines = [b"HTTP/1.1 %d %s\r\n" % (self.status, _PHRASES.get(self.status, b""))]
        lines += [name + b": " + value + b"\r\n" for name, value in headers]
        return b"".join([*lines, b"\r\n"])

    async def _answer_crash(self, what: str) -> None:
        header = (CRASH_HEADER, what.encode())
        if self.held is not None:
            self.held[0] = self.held[0][:-2] + b": ".join(header) + b"\r\n\r\n"
        elif self.begun or self.complete:
            if not self.complete:
                self.connection.abort()
        else:
            text = b"Internal Server Error"
            self.status, self.headers = 500, [(b"content-type", b"text/plain; charset=utf-8"), header]
            self.connection.write(self._head(text, more=False))
            self.connection.write(b"" if self._is_bodiless() else text)
            self.complete = True
            self.connection.finish(self)

    def _flush_held(self) -> None:
        parts, self.held = self.held or [], None
        self.connection.write(b"".join(parts))
        self.connection.finish(self)
