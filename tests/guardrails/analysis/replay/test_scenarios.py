"""Scenario files are read or refused by name; none is lost."""

import pytest

from guardrails.analysis.replay.scenarios import scenarios_in
from tests.repos.memory import MemoryTree

GOOD = """
scenario: one
tags: [small]
request: {operation: POST /rank, body: {b: 2, a: 1}}
expect: {order: [x, y]}
constraints: [short]
"""


def test_a_scenario_becomes_a_request_with_canonical_body() -> None:
    (scenario,), bad = scenarios_in(MemoryTree({"c/golden/one.yaml": GOOD}), "c/golden")
    assert not bad
    assert (scenario.method, scenario.target, scenario.body) == ("POST", "/rank", b'{"a": 1, "b": 2}')
    assert (scenario.expected, scenario.constraints) == (("x", "y"), ("short",))
    assert ("x-request-id", "one") in scenario.request.headers


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a: [", "not YAML"),
        (b"\xff\xfe\x00", "not YAML"),
        ("[]", "no `request:` mapping"),
        ("request: {operation: rank}", "operation must read like"),
        ("[" * 5000, "not YAML"),
        ("a: 2026-99-99", "not YAML"),
        ("x" * (2 << 20), "larger than"),
    ],
)
def test_an_unusable_file_is_refused_by_name_and_the_others_are_kept(
    content: str | bytes, reason: str
) -> None:
    tree = MemoryTree({"g/bad.yaml": content, "g/one.yaml": GOOD, "other/x.yaml": GOOD})
    good, bad = scenarios_in(tree, "g")
    assert [one.name for one in good] == ["one"]
    assert len(bad) == 1
    assert str(bad[0]).startswith("g/bad.yaml: ")
    assert reason in str(bad[0])


def test_two_scenarios_of_one_name_are_refused() -> None:
    good, bad = scenarios_in(MemoryTree({"g/a.yaml": GOOD, "g/b.yaml": GOOD}), "g")
    assert len(good) == 1
    assert "rename one" in str(bad[0])
