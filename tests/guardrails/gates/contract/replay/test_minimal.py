"""A request is made as small as the fault allows."""

import json

from guardrails.gates.contract.replay.minimal import Steps, joined, least
from guardrails.model.ports import Request, Step, Use


def test_only_what_the_fault_needs_is_left() -> None:
    body = {
        "name": "a long enough name",
        "tags": ["x", "bad", "y"],
        "deep": {"one": 1, "two": [1, 2, 3]},
        "of": "MARK",
    }
    request = Request(
        "POST", "/a?x=1&y=2", (("content-type", "application/json"), ("x-a", "b")), json.dumps(body).encode()
    )

    def shows(steps: Steps) -> bool:
        return b"bad" in steps[-1].request.body and "y=2" in steps[-1].request.path

    (found,) = least(
        [Step(request, (Use("MARK", 0, "/id"),))], lambda scripts: [shows(one) for one in scripts], shows
    )

    assert json.loads(found.request.body) == {"tags": ["bad"]}
    assert found.request.path == "/a?y=2"
    assert found.request.headers == (("content-type", "application/json"),)
    assert found.uses == ()


def test_parts_that_only_two_together_can_spare_stay_and_a_misled_batch_does_no_harm() -> None:
    request = Request("POST", "/a", (), json.dumps({"a": 1, "b": 2, "c": 3}).encode())

    def shows(steps: Steps) -> bool:
        body = json.loads(steps[-1].request.body or b"{}")
        return "a" in body or "b" in body

    (found,) = least([Step(request)], lambda scripts: [True] * len(scripts), shows)

    assert len(json.loads(found.request.body)) == 1


def test_what_a_batch_says_for_sure_is_not_asked_again() -> None:
    request = Request("GET", "/a?x=1&y=2&z=3", (("x-a", "b"),))
    asked: list[Steps] = []

    def shows(steps: Steps) -> bool:
        return all(one in steps[-1].request.path for one in ("y=2", "z=3"))

    def alone(steps: Steps) -> bool:
        asked.append(steps)
        return shows(steps)

    (found,) = least([Step(request)], lambda scripts: [shows(one) for one in scripts], alone)

    assert (found.request.path, found.request.headers) == ("/a?y=2&z=3", ())
    assert asked == [(found,)]


def test_a_long_text_is_cut_and_earlier_steps_lose_what_nobody_needs() -> None:
    first = Step(Request("POST", "/a?x=1", (), json.dumps({"name": "y" * 400, "spare": 1}).encode()))
    last = Step(Request("GET", "/a/ID", ()), (Use("ID", 0, "/id"),))

    def shows(steps: Steps) -> bool:
        body = json.loads(steps[0].request.body or b"{}")
        return len(body.get("name", "")) >= 100

    found = least([first, last], lambda scripts: [shows(one) for one in scripts], shows)

    assert found[0].request.path == "/a"
    assert list(json.loads(found[0].request.body)) == ["name"]
    assert 100 <= len(json.loads(found[0].request.body)["name"]) < 200
    assert found[1] == last


def test_joined_scripts_use_their_own_steps() -> None:
    script = [Step(Request("POST", "/a")), Step(Request("GET", "/a/ID"), (Use("ID", 0, "/id"),))]

    assert [use.step for step in joined([script, script]) for use in step.uses] == [0, 2]
