"""The golden gate on a small ranking service, started for real, in a real box."""

import json
from pathlib import Path

import pytest

from guardrails.gates.golden.gate import GATE
from guardrails.model.evidence import Movement
from guardrails.model.finding import Effect
from guardrails.model.policy import Service
from guardrails.model.rule import Report
from tests.repos.boxed import boxed_laboratory
from tests.repos.memory import MemoryTree, context_for

APP = """
import json


def rank(items):
    return sorted(items, key=lambda item: (-item["score"], item["id"]))


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    asked = json.loads(body or b'{"items": []}')
    shown = [item for item in asked["items"] if not item.get("adult")]
    answer = [{"id": item["id"], "parts": {"score": item["score"]}} for item in rank(shown)]
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    await send(start)
    await send({"type": "http.response.body", "body": json.dumps({"items": answer}).encode()})
"""
INVARIANTS = """
def no_adult(request, response, facts):
    shown = {item["id"] for item in response["items"]}
    for name in sorted(shown & set(facts["adult"])):
        return name + " is for adults"
    return None


INVARIANTS = {"no_adult": no_adult}
"""
ITEMS = [
    {"id": "a", "score": 1},
    {"id": "b", "score": 3},
    {"id": "c", "score": 2, "adult": True},
    {"id": "d", "score": 3},
]
SCENARIO = json.dumps(
    {
        "scenario": "plain",
        "request": {"operation": "POST /rank", "body": {"items": ITEMS}},
        "constraints": ["no_adult"],
    }
)
BASE = {
    "shop/app.py": APP,
    "promises/golden/plain.yaml": SCENARIO,
    "promises/invariants.py": INVARIANTS,
    "promises/catalogue.json": '{"adult": ["c"]}',
}
SHOP = Service("shop", ("shop",), app="shop.app:app", contract="promises")


def judged(folder: Path, head: dict[str, str], base: dict[str, str] | None = None) -> Report:
    before = BASE if base is None else base
    with boxed_laboratory(folder, MemoryTree(before)) as laboratory:
        return GATE.run(context_for(before, {**before, **head}, services=(SHOP,), laboratory=laboratory))


def replaced(old: str, new: str) -> dict[str, str]:
    assert old in APP
    return {"shop/app.py": APP.replace(old, new)}


def test_a_refactor_moves_nothing(tmp_path: Path) -> None:
    report = judged(tmp_path, replaced("rank(shown)", "rank(list(reversed(shown)))"))
    assert report.findings == ()
    assert report.facts == ("shop: 1 scenarios answered by base and head",)


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        ('(-item["score"], item["id"])', '(item["score"], item["id"])', {"GR402"}),
        ('if not item.get("adult")', 'if item["id"] != "a"', {"GR401", "GR403"}),
        ('if not item.get("adult")', "", {"GR401", "GR403"}),
        ("rank(shown)]", "rank(shown)][:1]", {"GR401"}),
        ('"status": 200', '"status": 500', {"GR404"}),
        ("rank(shown)]", 'rank(shown)]\n    answer[0]["id"] = str(hash("x"))', {"GR401", "GR405"}),
        ("asked = json", "asked = 1 / 0 if b'items' in body else json", {"GR404"}),
    ],
    ids=["order", "adult for another", "adult", "shorter", "fails", "unstable", "crashes"],
)
def test_what_moves_is_classed(tmp_path: Path, old: str, new: str, rules: set[str]) -> None:
    assert {one.rule for one in judged(tmp_path, replaced(old, new)).findings} == rules


def test_a_movement_names_scenario_and_cause(tmp_path: Path) -> None:
    report = judged(tmp_path, replaced('{"score": item["score"]}', '{"score": -item["score"]}') | {})
    assert report.findings == ()  # the parts differ, the order does not
    moved = judged(
        tmp_path,
        {
            "shop/app.py": APP.replace(
                "rank(items):", 'rank(items):\n    for one in items: one["score"] *= -1'
            )
        },
    )
    (finding,) = moved.findings
    assert finding.effect is Effect.REVIEW
    assert finding.evidence == (Movement("plain", "reorder", ("b", "d", "a"), ("a", "b", "d"), "score"),)
    assert "'score'" in finding.message


def test_a_golden_regenerated_by_head_has_no_effect(tmp_path: Path) -> None:
    head = replaced('(-item["score"], item["id"])', '(item["score"], item["id"])')
    head["promises/golden/plain.yaml"] = SCENARIO.replace('"plain"', '"plain", "expect": {"order": ["a"]}')
    head["promises/invariants.py"] = "INVARIANTS = {}"
    assert {one.rule for one in judged(tmp_path, head).findings} == {"GR402"}


def test_a_constraint_that_base_breaks_too_is_old(tmp_path: Path) -> None:
    broken = {**BASE, **replaced('if not item.get("adult")', "")}
    report = judged(tmp_path, {"shop/other.py": "x = 1\n"}, base=broken)
    assert [one.fingerprint for one in report.findings] == list(report.base_fingerprints)
    assert {one.rule for one in report.findings} == {"GR403"}


def test_a_service_without_scenarios_is_undecided(tmp_path: Path) -> None:
    bare = {"shop/app.py": APP}
    (finding,) = judged(tmp_path, {"shop/other.py": "x = 1\n"}, base=bare).findings
    assert (finding.rule, finding.effect) == ("GR407", Effect.UNDECIDED)


def test_a_scenario_that_base_does_not_answer_is_undecided_and_the_rest_is_judged(tmp_path: Path) -> None:
    base = {**BASE, "promises/golden/lost.yaml": "request: {operation: GET /\\u0000}"}
    report = judged(
        tmp_path, replaced('(-item["score"], item["id"])', '(item["score"], item["id"])'), base=base
    )
    assert {one.rule for one in report.findings} >= {"GR402"}


def test_an_answer_that_is_no_ranking_compares_nothing_and_is_undecided(tmp_path: Path) -> None:
    base = {**BASE, **replaced('{"items": answer}', '{"tracks": answer}')}
    report = judged(tmp_path, {"shop/other.py": "x = 1\n"}, base=base)
    assert {(one.rule, one.effect) for one in report.findings} == {("GR406", Effect.UNDECIDED)}


def test_a_head_that_answers_without_its_list_does_not_answer(tmp_path: Path) -> None:
    report = judged(tmp_path, replaced('{"items": answer}', '{"tracks": answer}'))
    assert {one.rule for one in report.findings} == {"GR404"}
