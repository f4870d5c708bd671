"""Probes of one operation: as many as were asked for, and none made for nothing."""

import json
from collections.abc import Iterator

import pytest

from guardrails.analysis.openapi.documents import read_document
from guardrails.gates.contract.requests import Probe, Probes

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "a", "version": "1"},
    "paths": {
        "/a": {
            "get": {
                "parameters": [
                    {"name": name, "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 99}}
                    for name in ("p", "q", "r")
                ],
                "responses": {"200": {"description": ""}},
            }
        }
    },
}


@pytest.mark.parametrize(("most", "at_random", "is_part"), [(200, 5, False), (12, 20, True), (12, 0, True)])
def test_no_more_random_probes_are_drawn_than_are_sent(
    monkeypatch: pytest.MonkeyPatch, most: int, at_random: int, *, is_part: bool
) -> None:
    drawn: list[list[Probe]] = []
    draw = Probes._at_random

    def noted(probes: Probes, *arguments: object) -> Iterator[Probe]:
        drawn.append(list(draw(probes, *arguments)))  # type: ignore[arg-type]  # passed on as they came
        yield from drawn[-1]

    monkeypatch.setattr(Probes, "_at_random", noted)
    probes = Probes(read_document(json.dumps(DOCUMENT).encode(), "a"), 1)

    found, left_out = probes.of("get", "/a", most, at_random)

    assert left_out is is_part
    assert len(found) == len({one.request for one in found}) <= most
    assert len(found) == most or not is_part
    assert {one.request for one in drawn[0]} <= {one.request for one in found}
    assert sum(one.is_forbidden for one in found) >= min(3, most // 4)
