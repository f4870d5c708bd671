"""How two answers differ: by place and kind, whatever their size."""

import json
from collections.abc import Mapping

import pytest

from guardrails.analysis.replay.difference import Kind, differences
from guardrails.model.ports import Response, Silence


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, tuple((headers or {}).items()), json.dumps(body).encode())


def told(base: Response | Silence, head: Response | Silence) -> list[tuple[str, Kind]]:
    return [(one.place, one.kind) for one in differences(base, head)]


@pytest.mark.parametrize(
    ("base", "head", "place", "kind"),
    [
        ({"a": 1}, {"a": 2}, "/a", Kind.VALUE),
        ({"a": 1}, {"a": 1.0}, "/a", Kind.TYPE),
        ({"a": None}, {}, "/a", Kind.MISSING),
        ({}, {"a/b": 1}, "/a~1b", Kind.NEW),
        ({"a": True}, {"a": 1}, "/a", Kind.TYPE),
        ([1, 2, 3], [3, 2, 1], "", Kind.ORDER),
        ({"a": [{"n": 1}, {"n": 2}]}, {"a": [{"n": 1}, {"n": 3}]}, "/a/*/n", Kind.VALUE),
        ({"a": [1, 2, 3]}, {"a": [1, 2]}, "/a", Kind.COUNT),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "", Kind.ORDER),
    ],
)
def test_a_difference_has_a_place_and_a_kind(base: object, head: object, place: str, kind: Kind) -> None:
    assert told(answer(base), answer(head)) == [(place, kind)]


def test_error_texts_are_told_apart_from_values() -> None:
    assert told(answer({"detail": "no"}, 404), answer({"detail": "No"}, 404)) == [("/detail", Kind.TEXT)]


def test_headers_differ_but_for_those_that_follow_from_the_rest() -> None:
    base = answer({}, headers={"x-total": "3", "content-length": "9", "date": "then"})
    head = answer({}, headers={"content-length": "8", "date": "now"})

    assert told(base, head) == [("header x-total", Kind.HEADER)]


def test_nothing_is_looked_at_below_another_status() -> None:
    assert told(answer({"a": 1}), answer({"b": 1}, 500)) == [("status", Kind.STATUS)]


def test_silence_differs_from_an_answer_and_not_from_silence() -> None:
    assert told(answer({}), Silence("died")) == [("status", Kind.SILENCE)]
    assert told(Silence("died"), Silence("gave no answer in time")) == []


def test_bodies_that_are_not_json_or_nested_without_end_are_compared_too() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    assert told(Response(200, (), b"\xff\x00"), Response(200, (), b"\xff\x01")) == [("", Kind.VALUE)]
    assert told(Response(200, (), deep), Response(200, (), deep + b" ")) == [("", Kind.VALUE)]
    assert differences(Response(200, (), b"NaN"), Response(200, (), b"1")) != []
