"""The lean reading of a request: it accepts nothing that the model refuses, and reads the same."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from reference_service.api.reading.lean import Asked, Glimpse, Reader, asked_of
from reference_service.api.requests import Context, UpNextRequest
from reference_service.ranking import nouns
from tests.reference_service.conftest import LISTENER
from tests.reference_service.ranking.test_rank import TABLE

READER = Reader(TABLE.rows)


def said(asked: Asked | None) -> object:
    """Return all that is asked, as what can be compared."""
    if asked is None:
        return None
    columns = asked.rows.tolist(), asked.sources.tolist()
    return asked.context, columns, asked.unknown, asked.limit, asked.whole


def names(seen: Glimpse) -> list[str]:
    """Return the ids of all candidates, those that exist first."""
    return [[*TABLE.rows][row] for row in seen.rows] + [*seen.unknown]


def context_of(seen: Glimpse) -> nouns.Context:
    """Return the context that was seen, whatever holds it."""
    return seen.context if isinstance(seen.context, nouns.Context) else Context.noun(seen.context)


GOOD: Mapping[str, Any] = {"context": LISTENER, "candidates": [{"id": "track-0001"}, {"id": "track-0002"}]}
ODD = st.sampled_from(
    [
        None,
        True,
        7,
        1.5,
        "x",
        "track-0003",
        "a b",
        "\ud800",
        [],
        ["track-0001"],
        {},
        {"id": "track-0001"},
        "radio",
    ]
)


@given(
    candidates=st.lists(
        st.dictionaries(st.sampled_from(["id", "source", "x"]), ODD, max_size=3) | ODD, max_size=4
    )
    | ODD,
    extra=st.dictionaries(st.sampled_from(["limit", "context", "zebra"]), ODD, max_size=2),
)
@settings(deadline=None, max_examples=300)
def test_the_lean_reading_accepts_nothing_that_the_full_one_refuses_and_reads_the_same(
    candidates: object, extra: dict[str, object]
) -> None:
    given_ = {**GOOD, "candidates": candidates, **extra}
    asked = READER.read("up_next", json.dumps(given_).encode())
    try:
        full = UpNextRequest.model_validate(given_)
    except ValidationError:
        assert asked is None
    else:
        assert asked is not None
        assert said(asked) == said(asked_of(full, TABLE.rows))


@pytest.mark.parametrize("count", [0, 500, 501])
def test_the_lean_reading_counts(count: int) -> None:
    body = json.dumps({**GOOD, "candidates": [{"id": "track-0001"}] * count}).encode()
    assert (READER.read("up_next", body) is not None) == (count == 500)


@pytest.mark.parametrize("body", [b"", b"[]", b"[" * 100_000, b"\xff", b"NaN", b'{"candidates":{}}'])
def test_the_lean_reading_survives_hostile_bodies(body: bytes) -> None:
    assert READER.read("up_next", body) is None


ANY_TEXT = st.text(max_size=70) | st.sampled_from(["track-0001", "GB", "phone", "a\n", "GB\n", "x" * 65])
ANY = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.lists(ANY_TEXT, max_size=4)


@given(
    st.dictionaries(st.sampled_from([*UpNextRequest.model_fields, *Context.model_fields]), ANY, max_size=3)
)
@settings(deadline=None, max_examples=500)
def test_whatever_a_context_holds_the_lean_reading_accepts_at_most_what_the_model_does(
    odd: dict[str, Any],
) -> None:
    body = json.dumps({**GOOD, "context": {**LISTENER, **odd}}).encode()
    asked = READER.read("up_next", body)
    try:
        full = UpNextRequest.model_validate(json.loads(body))
    except ValidationError:
        assert asked is None
    else:
        # A whole number that is written as a fraction is left to the model.
        assert said(asked) == said(asked_of(full, TABLE.rows)) or any(
            isinstance(one, float) for one in odd.values()
        )


def test_what_clients_send_is_read_leanly(question: dict[str, Any]) -> None:
    for body in (question, {**GOOD, "candidates": [{"id": "no-such-track", "source": "queue"}], "limit": 3}):
        assert READER.read("up_next", json.dumps(body).encode()) is not None


def test_of_a_name_that_is_given_twice_both_readings_take_the_last() -> None:
    body = json.dumps(GOOD).replace('"id": "track-0001"', '"id": "track-0003", "id": "track-0001"')
    asked = READER.read("up_next", body.encode())
    assert said(asked) == said(asked_of(UpNextRequest.model_validate(json.loads(body)), TABLE.rows))


@pytest.mark.parametrize("spaces", [None, (",", ":")])
def test_a_glance_sees_the_first_candidates_as_they_are(spaces: tuple[str, str] | None) -> None:
    many = {**GOOD, "candidates": [{"id": name, "source": "radio"} for name in TABLE.rows][:500], "limit": 5}
    body = json.dumps(many, separators=spaces).encode()
    (seen,), whole = READER.glances([("up_next", body, 0)]), READER.read("up_next", body)
    assert seen is not None
    assert whole is not None
    assert (seen.whole, whole.whole) == (False, True)
    assert 5 <= len(seen.rows) <= 30
    assert sorted(seen.rows) == whole.rows[: len(seen.rows)].tolist()
    assert (context_of(seen), seen.limit) == (whole.context, 5)


def test_a_glance_at_a_short_list_sees_all_of_it() -> None:
    body = json.dumps(GOOD).encode()
    (seen,), whole = READER.glances([("up_next", body, 0)]), READER.read("up_next", body)
    assert seen is not None
    assert whole is not None
    assert (context_of(seen), seen.rows, seen.whole) == (whole.context, whole.rows.tolist(), True)


@given(st.binary(max_size=40) | st.builds(lambda text: json.dumps(text).encode(), ANY))
def test_a_glance_survives_any_candidates(odd: bytes) -> None:
    head = json.dumps({**GOOD, "limit": 1}).encode().removesuffix(b"}").rpartition(b', "candidates"')[0]
    for candidates in (odd, b"[" + odd + b"]", b"[" + b",".join([odd] * 60) + b"]", b'[{"id":"a}b"},' * 60):
        (seen,) = READER.glances([("up_next", head + b', "candidates":' + candidates + b"}", 0)])
        assert seen is None or {*names(seen)} <= {"track-0001", "GB", "phone"}


SPELT = [
    '{"id":"track-0001"}',
    '{"id":"track-0002","source":"radio"}',
    '{"id": "track-0003", "source": "queue"}',
    '{"source":"queue","id":"track-0004"}',
    '{ "id":"track-0005"}',
    '{"id":"track\\u002d0006"}',
    '{"id":"no-such-track"}',
    '{"id":"track-0007","source":"queue","id":"track-0008"}',
    '{"id":"a},{b"}',
    '{"id":"track-0001"]',
    "{}",
    "",
    '{"id":"track-0009","x":1}',
]
AROUND = [
    '{"context":%(context)s,"candidates":%(list)s}',
    '{"candidates":%(list)s,"context":%(context)s}',
    '{"candidates" : %(list)s , "limit":3,"context":%(context)s}',
    '{"candidates":[],"context":%(context)s,"candidates":%(list)s}',
    '{"context":%(context)s,"candidates":%(list)s,"candidates":[]}',
    '{"context":%(context)s,"candidates":%(list)s,"c\\u0061ndidates":[{"id":"track-0100"}]}',
    '{"context":{"candidates":%(list)s},"limit":5}',
    '{"context":%(context)s,"candidates":%(list)s}]',
    '{"context":%(context)s,"candidates":%(list)s,"limit":"candidates"}',
]


@given(
    st.lists(st.sampled_from(SPELT), max_size=4),
    st.sampled_from(AROUND),
    st.sampled_from([",", ", ", " , ", ""]),
)
@settings(deadline=None, max_examples=400)
def test_however_a_body_is_written_it_is_read_as_the_model_reads_it_or_left_to_it(
    spelt: list[str], around: str, between: str
) -> None:
    body = (around % {"context": json.dumps(LISTENER), "list": f"[{between.join(spelt)}]"}).encode()
    asked = READER.read("up_next", body)
    try:
        full = UpNextRequest.model_validate(json.loads(body))
    except ValueError:
        assert asked is None
    else:
        # A list that does not count may be wrong, and then the model is asked.
        assert asked is None or said(asked) == said(asked_of(full, TABLE.rows))
