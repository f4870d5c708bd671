"""The Open Inference Protocol over HTTP/1.1, as JSON: what every such server speaks.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
Connections are kept and bounded, and nothing is retried but a request that an idle connection, closed by
the server a moment before, never took.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NoReturn

import h11
import numpy as np
from pydantic_core import from_json, to_json

from reference_service.models.remote.tensors import (
    INPUT_TYPE,
    Metadata,
    Nonsense,
    Refused,
    Reply,
    Tensor,
    Unreachable,
)
from reference_service.models.remote.transport import MOST_METADATA, Asked, address_of
from reference_service.models.trees import Single
from reference_service.ranking.nouns import FloatArray
from reference_service.resilience.deadline import HEADER
from reference_service.trace import outgoing

MOST_IDLE = 32
MOST_HEAD = 16 * 1024
CHUNK = 64 * 1024
OK = 200


class _Stale(Exception):
    """The server had closed this connection before it took the request."""


class HttpTransport:
    """Asks a model server at http://HOST:PORT."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._idle: list[_Connection] = []

    def encode(self, request_id: str, names: tuple[str, ...], values: Single) -> bytes:
        """Return the request as JSON; NaN becomes null, since JSON has no other word for it."""
        columns = values.T.astype(np.float64).tolist()
        inputs = [
            {"name": name, "shape": [len(values)], "datatype": INPUT_TYPE, "data": column}
            for name, column in zip(names, columns, strict=True)
        ]
        return to_json({"id": request_id, "inputs": inputs}, inf_nan_mode="null")

    async def metadata(self, model: str, version: str | None) -> Metadata:
        """Return what the server says of this model, or raise RemoteError."""
        said = _object(await self._asked("GET", _path(model, version), b"", {}, MOST_METADATA))
        return Metadata(
            name=_text(said, "name"),
            versions=tuple(
                one if isinstance(one, str) else _unread("a version") for one in _list(said, "versions")
            ),
            platform=_text(said, "platform"),
            inputs=tuple(_tensor(one) for one in _list(said, "inputs")),
            outputs=tuple(_tensor(one) for one in _list(said, "outputs")),
        )

    async def infer(self, asked: Asked, seconds: float) -> Reply:
        """Return the scores that the server answers, or raise RemoteError."""
        carried = {HEADER: str(max(1, int(seconds * 1_000))), **outgoing()}
        path = f"{_path(asked.model, asked.version)}/infer"
        said = _object(await self._asked("POST", path, asked.body, carried, asked.most))
        outputs = _list(said, "outputs")
        if len(outputs) != 1:
            raise Nonsense(f"the server answered {len(outputs)} tensors; one was agreed")
        return Reply(
            id=_text(said, "id"),
            model=_text(said, "model_name"),
            version=_text(said, "model_version"),
            tensor=_tensor(outputs[0]),
            values=_numbers(_list(outputs[0], "data")),
        )

    async def close(self) -> None:
        """End every connection that is idle; those in use end with their request."""
        for connection in self._idle:
            connection.abort()
        self._idle.clear()

    async def _asked(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], most: int
    ) -> bytes:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_closed:
                connection.abort()
                continue
            try:
                return await self._on(connection, method, path, body, headers, most)
            except _Stale:
                break
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port, limit=CHUNK)
        except OSError as error:
            raise Unreachable(f"no connection to the model server: {type(error).__name__}") from None
        try:
            return await self._on(_Connection(reader, writer), method, path, body, headers, most)
        except _Stale:
            raise Unreachable("the model server closed the connection without an answer") from None

    async def _on(
        self,
        connection: "_Connection",
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        most: int,
    ) -> bytes:
        kept = False
        try:
            host = address_of(self._host, self._port)
            status, answer = await connection.ask(method, path, body, {"host": host, **headers}, most)
            kept = connection.ready_again() and len(self._idle) < MOST_IDLE
        finally:
            # Not kept: a fault or a cancellation left an answer on the way that the next caller must not read.
            if kept:
                self._idle.append(connection)
            else:
                connection.abort()
        if status != OK:
            raise Refused(
                f"the model server answered {path} with status {status}: {ascii(answer[:120])[2:-1]}"
            )
        return answer


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)

    @property
    def is_closed(self) -> bool:
        return self._reader.at_eof() or self._writer.is_closing()

    async def ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], most: int
    ) -> tuple[int, bytes]:
        """Return status and body, or raise RemoteError."""
        fields = {**headers, "content-type": "application/json", "content-length": str(len(body))}
        try:
            head = self._http.send(h11.Request(method=method, target=path, headers=list(fields.items())))
            end = self._http.send(h11.Data(data=body)), self._http.send(h11.EndOfMessage())
            self._writer.write(b"".join(part for part in (head, *end) if part))
            await self._writer.drain()
            return await self._answer(most)
        except h11.RemoteProtocolError as error:
            raise Nonsense(f"the model server does not speak HTTP: {ascii(str(error))[1:80]}") from None
        except (OSError, RuntimeError) as error:
            # RuntimeError is what uvloop's transports raise once they are closed.
            raise Unreachable(f"the connection to the model server broke: {type(error).__name__}") from None

    async def _answer(self, most: int) -> tuple[int, bytes]:
        status, parts, size, silent = 0, [], 0, True
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                received = await self._reader.read(CHUNK)
                if not received and silent:
                    raise _Stale
                silent = False
                self._http.receive_data(received)
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
                size += len(event.data)
                if size > most:
                    raise Nonsense(f"the model server's answer is longer than {most} bytes")
            elif isinstance(event, h11.EndOfMessage):
                return status, b"".join(parts)
            elif not isinstance(event, h11.InformationalResponse):
                raise Nonsense("the model server ended its answer early")

    def ready_again(self) -> bool:
        """Return whether this connection may carry another request."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return not self._http.trailing_data[0]

    def abort(self) -> None:
        self._writer.transport.abort()


def _path(model: str, version: str | None) -> str:
    return f"/v2/models/{model}" if version is None else f"/v2/models/{model}/versions/{version}"


def _object(text: bytes) -> dict[str, Any]:  # Any: JSON from outside, read by the strict readers below
    try:
        said = from_json(text, allow_inf_nan=True)
    except ValueError:
        raise Nonsense("the model server's answer is no JSON") from None
    return said if isinstance(said, dict) else _unread("an object")


def _text(said: Mapping[str, object], name: str) -> str:
    found = said.get(name)
    if found is None:
        return ""
    return found if isinstance(found, str) else _unread(f"a text as {name}")


def _list(said: Mapping[str, object], name: str) -> list[Any]:
    found = said.get(name)
    if found is None:
        return []
    return found if isinstance(found, list) else _unread(f"a list as {name}")


def _tensor(said: object) -> Tensor:
    if not isinstance(said, dict):
        _unread("a tensor")
    shape = _list(said, "shape")
    if not all(type(length) is int for length in shape):
        _unread("whole numbers as a shape")
    return Tensor(_text(said, "name"), _text(said, "datatype"), tuple(shape))


def _numbers(data: list[Any]) -> FloatArray:
    try:
        values = np.array(data or [0.0])
    except ValueError:
        _unread("numbers of one shape")
    # A text that reads as a number is none, and null is no score.
    if values.dtype.kind not in "fiu":
        _unread("numbers as data")
    flat: FloatArray = values.reshape(-1).astype(np.float64)
    return flat[: len(flat) if data else 0]


def _unread(expected: str) -> NoReturn:
    raise Nonsense(f"the model server's answer lacks {expected}")
