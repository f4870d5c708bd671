"""The protobuf that is written here by hand: what goes out comes back, and bytes from outside never crash it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_service.models.remote.over_grpc import GrpcTransport
from reference_service.models.remote.tensors import Nonsense
from reference_service.models.remote.wire import field, fields, packed_int64, raw, signed, text, varint

WHOLE = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(WHOLE))
def test_repeated_numbers_come_back_packed_or_not(numbers: list[int]) -> None:
    packed = dict(fields(field(3, packed_int64(numbers))))
    assert signed([packed[3]]) == tuple(numbers)
    loose = b"".join(varint(3 << 3) + varint(number) for number in numbers)
    assert signed(value for _, value in fields(loose)) == tuple(numbers)


@given(st.lists(st.tuples(st.integers(1, 2**29 - 1), st.text() | st.binary())))
def test_texts_and_bytes_come_back_in_order(written: list[tuple[int, str | bytes]]) -> None:
    message = b"".join(field(number, content) for number, content in written)
    encoded = [
        (number, content.encode() if isinstance(content, str) else content) for number, content in written
    ]
    assert list(fields(message)) == encoded


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_nonsense(message: bytes) -> None:
    try:
        found = list(fields(message))
    except Nonsense:
        return
    for _, value in found:
        try:
            signed([value])
            text(value)
            raw(value)
        except Nonsense:
            pass


def test_fields_of_fixed_width_are_passed_over_and_groups_are_nonsense() -> None:
    assert [number for number, _ in fields(b"\x09" + b"\0" * 8 + b"\x15" + b"\0" * 4)] == [1, 2]
    with pytest.raises(Nonsense, match="is no protobuf"):
        list(fields(b"\x0b\x0c"))
    with pytest.raises(Nonsense, match="is no protobuf"):
        list(fields(b"\x08" + b"\xff" * 11))


def test_a_request_carries_each_column_as_its_bytes() -> None:
    values = np.array([[1.5, np.nan], [-2.0, 0.0]], dtype=np.float32)
    sent = list(fields(GrpcTransport("h", 1).encode("q1", ("one", "two"), values)))
    assert [number for number, _ in sent] == [3, 5, 5, 7, 7]
    assert dict(fields(raw(sent[2][1]))) == {1: b"two", 2: b"FP32", 3: b"\x02"}
    assert np.frombuffer(raw(sent[3][1]), "<f4").tolist() == [1.5, -2.0]
    assert np.isnan(np.frombuffer(raw(sent[4][1]), "<f4")[0])
