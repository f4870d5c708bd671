"""A request is made as small as the fault allows."""

import json
from collections.abc import Sequence

from guardrails.gates.contract.fuzz.minimal import reduced
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

    def shows(steps: Sequence[Step]) -> list[bool]:
        return [b"bad" in one.request.body and "y=2" in one.request.path for one in steps]

    found = reduced(Step(request, (Use("MARK", 0, "/id"),)), shows)

    assert json.loads(found.request.body) == {"tags": ["bad"]}
    assert found.request.path == "/a?y=2"
    assert found.request.headers == (("content-type", "application/json"),)
    assert found.uses == ()
