"""An ASGI middleware that records requests for replay, secrets taken out before anything is written.

It needs the standard library alone and imports nothing of the harness, so a service can carry it.
It never fails or delays a request: what cannot be recorded in time and space is counted and dropped.

    app = Recorder(app, "traffic/today.ndjson")
"""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from guardrails.payload.traffic.redaction import Redaction

Message = dict[str, Any]  # Any: ASGI's own
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_WAITING = 256
_HAR_START = b'{"log":{"version":"1.2","creator":{"name":"guardrails","version":"1"},"entries":['
_HAR_END = b"]}}\n"


class Recorder:
    """Wraps an application; `path` ends in `.har` for HAR, anything else becomes NDJSON.

    At most `bytes_in_all` are written, `body_bytes` of one body are kept, and `per_second`
    requests are recorded. `redaction` says what is taken out; its default takes out credentials,
    personal data by field name, and what looks like an address, a token or a card number.
    """

    def __init__(
        self,
        application: Application,
        path: str,
        *,
        redaction: Redaction | None = None,
        bytes_in_all: int = 16 << 20,
        body_bytes: int = 64 << 10,
        per_second: int = 20,
    ) -> None:
        self.dropped = 0
        self._application = application
        self._redaction = redaction or Redaction()
        self._body_bytes = body_bytes
        self._per_second = per_second
        self._second, self._taken = 0, 0
        self._file = _File(path, bytes_in_all)
        self._waiting: queue.Queue[Message | None] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer as the application does, and record an HTTP request on the way."""
        if scope["type"] != "http" or not self._has_room():
            await self._application(scope, receive, send)
            return
        taken: Message = {"scope": scope, "body": bytearray(), "status": 0, "begin": time.time()}

        async def receive_and_keep() -> Message:
            message = await receive()
            if message["type"] == "http.request" and len(taken["body"]) <= self._body_bytes:
                taken["body"] += message.get("body", b"")
            return message

        async def send_and_look(message: Message) -> None:
            if message["type"] == "http.response.start":
                taken["status"] = message["status"]
            await send(message)

        try:
            await self._application(scope, receive_and_keep, send_and_look)
        finally:
            self._hand_over(taken)

    def _has_room(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._taken = second, 0
        self._taken += 1
        if self._taken > self._per_second or self._file.full:
            self.dropped += 1
            return False
        return True

    def _hand_over(self, taken: Message) -> None:
        try:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="recorder", daemon=True)
                self._thread.start()
            self._waiting.put_nowait(taken)
        except (queue.Full, RuntimeError):
            self.dropped += 1

    def close(self) -> None:
        """Write what is waiting; the recorder may be used again afterwards."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _write_all(self) -> None:
        while (taken := self._waiting.get()) is not None:
            try:
                self._file.add(self._record(taken))
            except Exception:  # noqa: BLE001 - a service must not die of being recorded
                self.dropped += 1

    def _record(self, taken: Message) -> Message:
        scope = taken["scope"]
        target = scope.get("raw_path") or scope["path"].encode()
        query = scope.get("query_string", b"")
        pairs = [
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope.get("headers", ())
        ]
        kind = dict(pairs).get("content-type", "")
        whole = len(taken["body"]) <= self._body_bytes
        return {
            "method": scope["method"],
            "path": self._redaction.target(target.decode("latin-1"), query.decode("latin-1")),
            "headers": self._redaction.headers(pairs),
            "body": self._redaction.body(bytes(taken["body"]), kind) if whole else "",
            "status": taken["status"],
            "began": taken["begin"],
        }


class _File:
    def __init__(self, path: str, most: int) -> None:
        self.full = False
        self._path = path
        self._most = most
        self._is_har = path.endswith(".har")

    def add(self, record: Message) -> None:
        """Append one record; the file is whole after each."""
        line = json.dumps(_entry(record) if self._is_har else record).encode()
        with open(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:  # noqa: PTH123
            size = file.seek(0, os.SEEK_END)
            if size + len(line) + len(_HAR_START) > self._most:
                self.full = True
                return
            if not self._is_har:
                file.write(line + b"\n")
            elif not size:
                file.write(_HAR_START + line + _HAR_END)
            else:
                file.seek(size - len(_HAR_END))
                file.write(b"," + line + _HAR_END)


def _entry(record: Message) -> Message:
    """Return a record as an entry of HAR 1.2; what was answered is not kept."""
    query = record["path"].partition("?")[2]
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    request: Message = {
        "method": record["method"],
        "url": "http://localhost" + record["path"],
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in record["headers"].items()],
        "queryString": [{"name": name, "value": value} for name, value in pairs],
        "headersSize": -1,
        "bodySize": len(record["body"]),
    }
    if record["body"]:
        request["postData"] = {"mimeType": record["headers"].get("content-type", ""), "text": record["body"]}
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record["began"]))
    answer = {
        "status": record["status"],
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
    }
    answer.update(
        {"content": {"size": 0, "mimeType": ""}, "redirectURL": "", "headersSize": -1, "bodySize": -1}
    )
    timings = {"send": 0, "wait": 0, "receive": 0}
    return {
        "startedDateTime": moment,
        "time": 0,
        "request": request,
        "response": answer,
        "cache": {},
        "timings": timings,
    }
