"""Records: what is written is read, and nothing else is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_service.features.listeners import FeaturesUnavailable, SeededStore
from reference_service.features.stores.record import Record, decode, encode

GOOD = {"id": "listener-0001", "computed": 1_767_225_600, "taste": [0.0] * 8, "kinds": {"track": 0.5}}


def test_every_seeded_listener_survives_exactly() -> None:
    for name, listener in SeededStore(7).everyone():
        assert decode(name, encode(name, listener, 7)) == Record(listener, 7)


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "listener-0002"},
        {"taste": [0.0] * 7},
        {"taste": [0.0] * 7 + [float("nan")]},
        {"taste": [0.0] * 7 + [float("inf")]},
        {"taste": [0.0] * 7 + [8.5]},
        {"taste": [True] * 8},
        {"taste": "00000000"},
        {"kinds": {"zebra": 0.5}},
        {"kinds": {"track": 1.01}},
        {"kinds": {"track": None}},
        {"kinds": []},
        {"extra": 1},
        {"computed": -1},
        {"computed": 1.5},
        {"computed": True},
        {"computed": "yesterday"},
        {"computed": 2**41},
    ],
)
def test_a_record_that_is_not_of_this_listener_or_out_of_range_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(FeaturesUnavailable):
        decode("listener-0001", json.dumps({**GOOD, **changed}).encode())


@given(record=st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(record: bytes) -> None:
    with pytest.raises(FeaturesUnavailable):
        decode("listener-0001", record)


@given(place=st.integers(0, 1_000), byte=st.integers(0, 255))
def test_a_corrupted_byte_never_yields_another_listener_or_a_value_out_of_range(
    place: int, byte: int
) -> None:
    record = bytearray(json.dumps(GOOD).encode())
    record[place % len(record)] = byte
    try:
        listener = decode("listener-0001", bytes(record)).listener
    except FeaturesUnavailable:
        return
    assert all(-8 <= value <= 8 for value in listener.taste)


@pytest.mark.parametrize("record", [b"[" * 4_000, b" " * 5_000, b"9" * 4_000])
def test_hostile_records_are_refused(record: bytes) -> None:
    with pytest.raises(FeaturesUnavailable):
        decode("listener-0001", record)
