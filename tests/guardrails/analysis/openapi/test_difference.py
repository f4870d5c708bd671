"""What the same difference means to clients who are promised more or less."""

import pytest

from guardrails.analysis.openapi.difference import Level, Promise, as_promised
from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import Object, document, found, operation

STRING: Json = {"type": "string"}


def shape(*, closed: bool = False, required: tuple[str, ...] = (), **properties: Json) -> Object:
    made: Object = {"type": "object", "properties": properties, "required": list[Json](required)}
    return {**made, "additionalProperties": False} if closed else made


def answered(schema: Json) -> Object:
    return document(operation(answer=schema))


def sent(schema: Json) -> Object:
    return document(operation(body=schema))


def headed(schema: Json) -> Object:
    answer: Json = {"200": {"description": "", "headers": {"X-Kind": {"schema": schema}}}}
    return document({"responses": answer})


PASSED_OVER = {
    "closed object gains a field": (
        answered(shape(closed=True, a=STRING)),
        answered(shape(closed=True, a=STRING, b=STRING)),
    ),
    "enumeration grows": (answered({"enum": ["a"]}), answered({"enum": ["a", "b"]})),
    "enumeration of a header grows": (headed({"enum": ["a"]}), headed({"enum": ["a", "b"]})),
    "enumeration of a request opens": (sent({"enum": ["a", "b"]}), sent(STRING)),
}
NOTICED = {
    "field may be missing": (answered(shape(required=("a",), a=STRING)), answered(shape(a=STRING))),
    "type of a field": (answered(shape(a=STRING)), answered(shape(a={"type": "integer"}))),
    "request must have more": (sent(shape(a=STRING)), sent(shape(required=("a",), a=STRING))),
    "request takes fewer values": (sent({"enum": ["a", "b"]}), sent({"enum": ["a"]})),
}


def worst_for(pair: tuple[Object, Object], promise: Promise) -> Level:
    return as_promised(found(*pair), lambda _: promise)[0].level


@pytest.mark.parametrize("name", PASSED_OVER)
def test_tolerant_readers_pass_over_new_fields_and_values(name: str) -> None:
    assert worst_for(PASSED_OVER[name], Promise.STRICT) is Level.BREAKING
    assert worst_for(PASSED_OVER[name], Promise.TOLERANT) is Level.SAFE


@pytest.mark.parametrize("name", NOTICED)
def test_tolerant_readers_notice_what_no_message_survives(name: str) -> None:
    assert worst_for(NOTICED[name], Promise.TOLERANT) is Level.BREAKING


@pytest.mark.parametrize("name", [*PASSED_OVER, *NOTICED])
def test_nothing_breaks_internal_clients(name: str) -> None:
    pair = {**PASSED_OVER, **NOTICED}[name]

    assert {one.level for one in as_promised(found(*pair), lambda _: Promise.INTERNAL)} == {Level.SAFE}


def test_worst_comes_first_after_the_levels_were_lowered() -> None:
    base = document(operation(answer={"enum": ["a"]}, body={"type": "string"}))
    head = document(operation(answer={"enum": ["a", "b"]}, body={"type": "string", "maxLength": 1}))

    levels = [one.level for one in as_promised(found(base, head), lambda _: Promise.TOLERANT)]

    assert levels == [Level.BREAKING, Level.SAFE]


def test_default_of_a_body_is_told_under_every_promise_but_not_of_what_is_unstable() -> None:
    def with_default(value: Json, **other: Json) -> Object:
        body = shape(a={"type": "integer", "default": value})
        return document(operation(body=body, **other))

    pair = with_default(1), with_default(2)
    unstable = with_default(1, **{"x-stability-level": "draft"}), with_default(2)

    assert worst_for(pair, Promise.STRICT) is Level.UNKNOWN
    assert worst_for(pair, Promise.TOLERANT) is Level.UNKNOWN
    assert worst_for(unstable, Promise.TOLERANT) is Level.SAFE
    assert [one.message.rpartition(": ")[2] for one in found(*pair) if one.rule == "default"] == [
        "who leaves out '/a' now gets 2, was 1"
    ]
