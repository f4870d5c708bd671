"""What base does by itself is not held against head, and policy can leave out more."""

import json

from guardrails.analysis.replay.difference import Difference, Kind, differences
from guardrails.analysis.replay.noise import Ignored, Noise
from guardrails.model.ports import Response

OPERATION = "GET /things"


def answer(body: object) -> Response:
    return Response(200, (), json.dumps(body).encode())


def left(noise: Noise, base: object, head: object, operation: str = OPERATION) -> list[Difference]:
    return [one for one in differences(answer(base), answer(head)) if not noise.covers(operation, one)]


def test_a_value_that_moves_by_itself_may_move() -> None:
    noise = Noise()
    noise.learn(OPERATION, answer({"id": "a1", "n": 1}), answer({"id": "b2", "n": 1}))

    assert left(noise, {"id": "a1", "n": 1}, {"id": "c3", "n": 1}) == []
    assert [one.place for one in left(noise, {"id": "a1", "n": 1}, {"id": "c3", "n": 2})] == ["/n"]
    assert left(noise, {"id": "a1"}, {"id": "c3"}, "GET /others") != []


def test_a_value_that_moves_keeps_its_type_and_its_shape() -> None:
    noise = Noise()
    for number in range(10):
        first, second = ({"id": f"{number}a-{shift}b"} for shift in (1, 2))
        noise.learn(OPERATION, answer(first), answer(second))

    assert left(noise, {"id": "0a-1b"}, {"id": "7c-8d"}) == []
    assert left(noise, {"id": "0a-1b"}, {"id": 7}) != []
    assert left(noise, {"id": "0a-1b"}, {"id": "7c8d"}) != []
    assert left(noise, {"id": "0a-1b"}, {}) != []


def test_what_lies_in_a_list_that_moves_may_move() -> None:
    noise = Noise()
    noise.learn(OPERATION, answer({"a": [1, 2]}), answer({"a": [2, 1]}))

    assert left(noise, {"a": [1, 2]}, {"a": [1, 3]}) == []


def test_policy_leaves_out_a_place_and_what_lies_in_it() -> None:
    noise = Noise([Ignored("/meta", "only for us"), Ignored("/n", "told to nobody", "GET /others")])

    assert left(noise, {"meta": {"a": 1}, "n": 1}, {"meta": {"a": 2}, "n": 1}) == []
    assert [one.place for one in left(noise, {"n": 1}, {"n": 2})] == ["/n"]
    assert left(noise, {"n": 1}, {"n": 2}, "GET /others") == []
    assert [one.kind for one in left(noise, {"metal": 1}, {"metal": 2})] == [Kind.VALUE]
