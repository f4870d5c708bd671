"""The Open Inference Protocol over gRPC: tensors as bytes, which costs both sides less than JSON.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto
gRPC takes 30 MB and a thread, so it is an extra of this package and is imported only by who asks for it.
"""

from collections import defaultdict
from collections.abc import Mapping

import grpc
import grpc.aio
import numpy as np

from reference_service.models.remote.tensors import (
    INPUT_TYPE,
    Metadata,
    Nonsense,
    Refused,
    RemoteError,
    Reply,
    Tensor,
    Unreachable,
)
from reference_service.models.remote.transport import LEAST_REPLY, MOST_METADATA, ROW_REPLY, Asked, address_of
from reference_service.models.remote.wire import Value, field, fields, packed_int64, raw, signed, text
from reference_service.models.trees import Single
from reference_service.ranking.nouns import FloatArray
from reference_service.trace import outgoing

SERVICE = "/inference.GRPCInferenceService"
METADATA_SECONDS = 5.0
MOST_ROWS = 500
TYPES: Mapping[str, np.dtype[np.float32] | np.dtype[np.float64]] = {
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
CONTENTS = {"FP32": 6, "FP64": 7}
"""The number of the field that holds a tensor of this type, where it is not sent as bytes."""
NOBODY = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}
)
OPTIONS = (
    ("grpc.max_receive_message_length", max(MOST_METADATA, LEAST_REPLY + ROW_REPLY * MOST_ROWS)),
    # The breaker decides when to try again; gRPC's own waiting, up to two minutes, would outlast a fault.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)


class GrpcTransport:
    """Asks a model server at grpc://HOST:PORT, over one connection, many in flight."""

    def __init__(self, host: str, port: int) -> None:
        self._address = address_of(host, port)
        self._channel: grpc.aio.Channel | None = None

    def encode(self, request_id: str, names: tuple[str, ...], values: Single) -> bytes:
        """Return what follows the model's name and version in a request, with NaN as it is."""
        shape = field(3, packed_int64([len(values)]))
        kind = field(2, INPUT_TYPE)
        inputs = [field(5, field(1, name) + kind + shape) for name in names]
        columns = [field(7, column.astype("<f4").tobytes()) for column in values.T]
        return field(3, request_id) + b"".join(inputs) + b"".join(columns)

    async def metadata(self, model: str, version: str | None) -> Metadata:
        """Return what the server says of this model, or raise RemoteError."""
        asked = field(1, model) + field(2, version or "")
        said = _by_number(await self._asked("ModelMetadata", asked, METADATA_SECONDS))
        return Metadata(
            name=_text(said[1]),
            versions=tuple(text(one) for one in said[2]),
            platform=_text(said[3]),
            inputs=tuple(_tensor(_by_number(raw(one))) for one in said[4]),
            outputs=tuple(_tensor(_by_number(raw(one))) for one in said[5]),
        )

    async def infer(self, asked: Asked, seconds: float) -> Reply:
        """Return the scores that the server answers, or raise RemoteError."""
        named = field(1, asked.model) + field(2, asked.version or "")
        said = _by_number(await self._asked("ModelInfer", named + asked.body, seconds))
        if len(said[5]) != 1:
            raise Nonsense(f"the server answered {len(said[5])} tensors; one was agreed")
        output = _by_number(raw(said[5][0]))
        tensor = _tensor(output)
        return Reply(
            id=_text(said[3]),
            model=_text(said[1]),
            version=_text(said[2]),
            tensor=tensor,
            values=_values(tensor.dtype, [raw(one) for one in said[6]], output[5]),
        )

    async def close(self) -> None:
        """End the connection."""
        if self._channel is not None:
            await self._channel.close(None)

    async def _asked(self, method: str, message: bytes, seconds: float) -> bytes:
        if self._channel is None:
            # Not at construction: a channel belongs to the running event loop.
            self._channel = grpc.aio.insecure_channel(self._address, options=OPTIONS)
        # Without serializers it takes and gives bytes.
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(
            f"{SERVICE}/{method}"
        )
        try:
            answer: bytes = await call(message, timeout=seconds, metadata=tuple(outgoing().items()))
        except grpc.aio.AioRpcError as error:
            raise _fault(method, error) from None
        return answer


def _fault(method: str, error: "grpc.aio.AioRpcError") -> RemoteError:
    code = error.code()
    if code in NOBODY:
        return Unreachable(f"the model server did not answer {method}: {code.name}")
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return Nonsense(f"the model server's answer to {method} is too long, or it is out of resources")
    said = ascii((error.details() or "")[:120])[1:-1]
    return Refused(f"the model server answered {method} with {code.name}: {said}")


def _by_number(message: bytes) -> defaultdict[int, list[Value]]:
    found: defaultdict[int, list[Value]] = defaultdict(list)
    for number, value in fields(message):
        found[number].append(value)
    return found


def _text(values: list[Value]) -> str:
    # As protobuf has it, the last of several stands.
    return text(values[-1]) if values else ""


def _tensor(said: defaultdict[int, list[Value]]) -> Tensor:
    return Tensor(_text(said[1]), _text(said[2]), signed(said[3]))


def _values(dtype: str, as_bytes: list[bytes], contents: list[Value]) -> FloatArray:
    kind = TYPES.get(dtype)
    if kind is None:
        # Its signature is refused by name, after this.
        return np.zeros(0)
    if not as_bytes and contents:
        as_bytes = [raw(one) for one in _by_number(raw(contents[-1]))[CONTENTS[dtype]]]
    held = b"".join(as_bytes)
    if len(held) % kind.itemsize:
        raise Nonsense("the server answered a part of a number")
    numbers: FloatArray = np.frombuffer(held, kind).astype(np.float64)
    return numbers
