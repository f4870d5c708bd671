"""A model server that speaks both protocols and lies on demand: each fault is one that real servers show."""

import asyncio
import itertools
import json
import math
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import grpc
import grpc.aio
import msgspec
import numpy as np

from reference_service.features.assembly import NAMES
from reference_service.models.remote.over_grpc import SERVICE, GrpcTransport
from reference_service.models.remote.over_http import HttpTransport
from reference_service.models.remote.wire import field as pb
from reference_service.models.remote.wire import fields, packed_int64, raw, text

Protocol = Literal["http", "grpc"]
Answer = dict[str, Any]
JSON_ONLY = ("null", "text", "no json", "no tensor", "trickle")
"""What protobuf cannot say, or gRPC does not let a server do."""


Spoiler = Callable[[Answer, Answer, list[Any]], object]
_CHANCE = itertools.count()


def _nothing(_said: Answer, _tensor: Answer, _data: list[Any]) -> None:
    """Leave the answer as it is."""


SPOILT: Mapping[str, Spoiler] = {
    "another model": lambda said, tensor, data: said.update(model_name="fraud_detector"),
    "another version": lambda said, tensor, data: said.update(model_version="2"),
    "another output": lambda said, tensor, data: tensor.update(name="logits"),
    "another type": lambda said, tensor, data: tensor.update(datatype="FP32"),
    "another shape": lambda said, tensor, data: tensor.update(shape=[1, len(data)]),
    "a score too few": lambda said, tensor, data: data.pop(),
    "another's answer": lambda said, tensor, data: said.update(id="someone else's"),
    "nan": lambda said, tensor, data: data.__setitem__(0, math.nan),
    "infinite": lambda said, tensor, data: data.__setitem__(-1, math.inf),
    "beyond": lambda said, tensor, data: data.__setitem__(0, 1e9),
    "null": lambda said, tensor, data: data.__setitem__(0, None),
    "text": lambda said, tensor, data: data.__setitem__(0, "0.5"),
    "no tensor": lambda said, tensor, data: said.update(outputs=[7]),
    "two tensors": lambda said, tensor, data: said.update(outputs=[tensor, tensor]),
    "by place": lambda said, tensor, data: data.__setitem__(0, data[0] + 1),
    "by chance": lambda said, tensor, data: data.__setitem__(5, data[5] + next(_CHANCE)),
    "too long": lambda said, tensor, data: said.update(model_version="1" * 200_000),
}


@dataclass(slots=True)
class Liar:
    """Scores a row by the sum of its known values; `fault` may be set at any time."""

    fault: str = "none"
    version: str = "1"
    asked: int = 0
    slow_seconds: float = 60.0
    slow_only: set[int] = field(default_factory=set)
    close_after: bool = False

    def describe(self, name: str) -> Answer:
        """Return the metadata of this model, spoilt by the fault."""
        inputs = [{"name": one, "datatype": "FP32", "shape": [-1]} for one in NAMES]
        output = {"name": "score", "datatype": "FP64", "shape": [-1]}
        if self.fault == "swapped columns":
            inputs[2], inputs[3] = inputs[3], inputs[2]
        if self.fault == "wide columns":
            inputs[0]["datatype"] = "FP64"
        if self.fault == "a matrix":
            inputs = [{"name": "input-0", "datatype": "FP32", "shape": [-1, len(NAMES)]}]
        if self.fault == "a column too few":
            inputs.pop()
        if self.fault == "text out":
            output["datatype"] = "BYTES"
        said = {
            "name": name,
            "versions": [self.version],
            "platform": "liar",
            "inputs": inputs,
            "outputs": [output],
        }
        if self.fault == "undeclared":
            del said["inputs"], said["outputs"]
        if self.fault == "another model's metadata":
            said["name"] = "fraud_detector"
        return said

    def score(self, name: str, request_id: str, columns: list[list[float | None]]) -> Answer:
        """Return scores for these columns, spoilt by the fault."""
        self.asked += 1
        # A benchmark asks hundreds of times a second; None is NaN, and neither counts.
        data: list[Any] = np.nansum(np.array(columns, dtype=np.float64), axis=0).tolist()
        said: Answer = {"id": request_id, "model_name": name, "model_version": self.version}
        tensor: Answer = {"name": "score", "datatype": "FP64", "shape": [len(data)], "data": data}
        said["outputs"] = [tensor]
        SPOILT.get(self.fault, _nothing)(said, tensor, data)
        return said

    @property
    def waits(self) -> bool:
        """Whether this request is one to be slow about."""
        return self.fault == "slow" or self.asked in self.slow_only


@asynccontextmanager
async def lying(protocol: Protocol, liar: Liar) -> AsyncIterator[HttpTransport | GrpcTransport]:
    """Start the server on loopback; yield a transport to it."""
    async with listening(protocol, liar) as port:
        transport = (
            HttpTransport("127.0.0.1", port) if protocol == "http" else GrpcTransport("127.0.0.1", port)
        )
        try:
            yield transport
        finally:
            await transport.close()


def listening(protocol: Protocol, liar: Liar, port: int = 0) -> AbstractAsyncContextManager[int]:
    """Start the server on this port of loopback, or on a free one; give the port."""
    return _http(liar, port) if protocol == "http" else _grpc(liar, port)


@asynccontextmanager
async def _http(liar: Liar, port: int) -> AsyncIterator[int]:
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        # asyncio reports the cancellation of what serves a connection as an error of the loop.
        with suppress(asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            while await _exchange(liar, reader, writer):
                pass
        serving.discard(task)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=2**20)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving)


async def _exchange(liar: Liar, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answer one request; return whether to go on with this connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    _, path, _ = head.split(" ", 2)
    length = int(
        next(line for line in head.lower().split("\r\n") if line.startswith("content-length")).split(":")[1]
    )
    body = await reader.readexactly(length)
    name = path.split("/")[3]
    if liar.fault == "reset":
        return False
    status, answer = 200, b""
    if path.endswith("/infer"):
        asked = msgspec.json.decode(body)
        answer = json.dumps(liar.score(name, asked["id"], [one["data"] for one in asked["inputs"]])).encode()
        if liar.waits:
            await asyncio.sleep(liar.slow_seconds)
    else:
        answer = json.dumps(liar.describe(name)).encode()
    if liar.fault == "refuses":
        status, answer = 500, b'{"error":"Internal Server Error"}'
    if liar.fault == "not found":
        status, answer = 404, b'{"error":"Model not found"}'
    if liar.fault == "no json":
        answer = b"<html>" + answer
    if liar.fault == "cut short":
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(answer) + 9}\r\n\r\n".encode() + answer)
        await writer.drain()
        return False
    if liar.fault == "no http":
        writer.write(b"\x16\x03\x01" + answer)
        await writer.drain()
        return False
    writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(answer)}\r\n\r\n".encode() + answer)
    await writer.drain()
    return not liar.close_after


@asynccontextmanager
async def _grpc(liar: Liar, port: int) -> AsyncIterator[int]:
    async def metadata(request: bytes, context: Any) -> bytes:
        asked = dict(fields(request))
        await _refused(liar, context)
        return _spoilt_bytes(liar, _metadata_bytes(liar.describe(text(asked[1]))))

    async def infer(request: bytes, context: Any) -> bytes:
        found = list(fields(request))
        one = dict(found)
        columns = [
            [value for (value,) in struct.iter_unpack("<f", raw(part))]
            for number, part in found
            if number == 7
        ]
        await _refused(liar, context)
        said = liar.score(text(one[1]), text(one[3]), columns)
        if liar.waits:
            await asyncio.sleep(liar.slow_seconds)
        return _spoilt_bytes(liar, _reply_bytes(said))

    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "ModelMetadata": grpc.unary_unary_rpc_method_handler(metadata),
        "ModelInfer": grpc.unary_unary_rpc_method_handler(infer),
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE[1:], handlers),))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield bound
    finally:
        await server.stop(None)


async def _refused(liar: Liar, context: Any) -> None:
    codes = {
        "refuses": grpc.StatusCode.INTERNAL,
        "not found": grpc.StatusCode.NOT_FOUND,
        "reset": grpc.StatusCode.UNAVAILABLE,
    }
    if liar.fault in codes:
        await context.abort(codes[liar.fault], "Model not found")


def _spoilt_bytes(liar: Liar, answer: bytes) -> bytes:
    if liar.fault == "cut short":
        return answer[:-3]
    return b"\xff" * 40 if liar.fault == "no http" else answer


def _tensor_bytes(tensor: Answer) -> bytes:
    return pb(1, tensor["name"]) + pb(2, tensor["datatype"]) + pb(3, packed_int64(tensor["shape"]))


def _metadata_bytes(said: Answer) -> bytes:
    named = pb(1, said["name"]) + b"".join(pb(2, one) for one in said["versions"]) + pb(3, said["platform"])
    inputs = b"".join(pb(4, _tensor_bytes(one)) for one in said.get("inputs", ()))
    return named + inputs + b"".join(pb(5, _tensor_bytes(one)) for one in said.get("outputs", ()))


def _reply_bytes(said: Answer) -> bytes:
    named = pb(1, said["model_name"]) + pb(2, said["model_version"]) + pb(3, said["id"])
    outputs = b"".join(pb(5, _tensor_bytes(one)) for one in said["outputs"])
    kinds = {"FP32": "f", "FP64": "d"}
    data = [
        struct.pack(f"<{len(one['data'])}{kinds[one['datatype']]}", *one["data"]) for one in said["outputs"]
    ]
    return named + outputs + b"".join(pb(6, one) for one in data)
