"""The invariants against answers that lie: each lie is told, and each is named."""

import ast
import copy
import sys
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from contracts.now_playing.invariants import INVARIANTS
from tests.contracts.now_playing.conftest import CONTRACT, Scenario

Answer = dict[str, Any]


@pytest.fixture
def scenario(scenarios: dict[str, Scenario]) -> Scenario:
    return copy.deepcopy(scenarios["explicit-off-gb"])


@pytest.fixture
def answer(client: TestClient, scenario: Scenario) -> Answer:
    body: Answer = client.post("/v1/now-playing/up-next:rank", json=scenario["request"]["body"]).json()
    return body


def test_invariants_import_the_standard_library_alone() -> None:
    tree = ast.parse((CONTRACT / "invariants.py").read_text("utf-8"))
    names = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    } | {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_withheld_item_that_is_shown_after_all_is_named(
    scenario: Scenario, answer: Answer, catalogue: Answer
) -> None:
    withheld = next(entry for entry in answer["filtered"] if entry["reason"] == "explicit")
    answer["filtered"].remove(withheld)
    answer["items"].append({**answer["items"][-1], "id": withheld["id"]})
    sentence = INVARIANTS["no_explicit"](scenario["request"], answer, catalogue)
    assert sentence is not None
    assert sentence.startswith(withheld["id"])


def test_a_false_reason_is_named(scenario: Scenario, answer: Answer, catalogue: Answer) -> None:
    item = answer["items"].pop(0)
    for reason in ("explicit", "unknown", "duplicate", "now_playing", "wrong_surface", "because"):
        lie = {**answer, "filtered": [{"id": item["id"], "reason": reason}]}
        sentence = INVARIANTS["filters_true"](scenario["request"], lie, catalogue)
        assert sentence == f"{item['id']} is filtered as {reason}, which is not true of it"


def test_a_dropped_item_is_missed(scenario: Scenario, answer: Answer, catalogue: Answer) -> None:
    item = answer["items"].pop()
    sentence = INVARIANTS["accounted_for"](scenario["request"], answer, catalogue)
    assert sentence == f"{item['id']} is neither shown nor filtered"


def test_a_foreign_item_is_named(scenario: Scenario, answer: Answer, catalogue: Answer) -> None:
    asked = {candidate["id"] for candidate in scenario["request"]["body"]["candidates"]}
    answer["items"][0]["id"] = min(catalogue.keys() - asked)
    assert INVARIANTS["only_candidates"](scenario["request"], answer, catalogue)


def test_a_score_that_its_parts_do_not_make_is_named(
    scenario: Scenario, answer: Answer, catalogue: Answer
) -> None:
    answer["items"][3]["score"] += 1
    sentence = INVARIANTS["parts_sum_to_score"](scenario["request"], answer, catalogue)
    assert sentence is not None
    assert sentence.startswith(answer["items"][3]["id"])


def test_swapped_neighbours_are_noticed_everywhere(
    scenario: Scenario, answer: Answer, catalogue: Answer
) -> None:
    for place in range(len(answer["items"]) - 1):
        items = list(answer["items"])
        items[place], items[place + 1] = items[place + 1], items[place]
        lie = {**answer, "items": items}
        names = ("sorted_by_score_or_reranked", "artist_spacing")
        assert any(INVARIANTS[name](scenario["request"], lie, catalogue) for name in names), place


@pytest.fixture
def cards(client: TestClient, scenarios: dict[str, Scenario]) -> tuple[Scenario, Answer]:
    scenario = copy.deepcopy(scenarios["pins-cards"])
    body: Answer = client.post("/v1/now-playing/cards:rank", json=scenario["request"]["body"]).json()
    return scenario, body


def test_a_pinned_card_that_stands_elsewhere_is_named(
    cards: tuple[Scenario, Answer], catalogue: Answer
) -> None:
    scenario, answer = cards
    items = answer["items"]
    items[0], items[1] = items[1], items[0]
    sentence = INVARIANTS["pins_hold"](scenario["request"], answer, catalogue)
    assert sentence == f"card-credits-02 is pinned to slot 1, where {items[0]['id']} stands"


def test_a_pin_does_not_excuse_what_may_not_be_shown(
    cards: tuple[Scenario, Answer], catalogue: Answer
) -> None:
    scenario, answer = cards
    scenario["request"]["body"]["context"]["dismissals"] = ["card-credits-02"]
    assert INVARIANTS["no_dismissed"](scenario["request"], answer, catalogue)


def test_a_kind_that_was_shown_too_often_is_named(cards: tuple[Scenario, Answer], catalogue: Answer) -> None:
    scenario, answer = cards
    scenario["request"]["body"]["context"]["recently_shown"] = ["card-merch-01"] * 3
    sentence = INVARIANTS["no_capped"](scenario["request"], answer, catalogue)
    assert sentence == "card-merch-06 is a merch, of which enough were shown lately"
    scenario["request"]["body"]["context"]["recently_shown"].pop()
    assert INVARIANTS["no_capped"](scenario["request"], answer, catalogue) is None


@pytest.mark.parametrize(
    ("lie", "invariant"),
    [
        (lambda answer: answer["items"][3].update(by_score=1), "moves_true"),
        (lambda answer: answer["items"][0].update(moved_by=None), "moves_true"),
        (lambda answer: answer["items"][1].update(moved_by="pin"), "moves_true"),
        (lambda answer: answer["items"][1].update(moved_by="spacing"), "moves_true"),
        (lambda answer: answer["items"][1].update(kind="track"), "only_candidates"),
        (lambda answer: answer["digests"].pop("features"), "digests_named"),
        (lambda answer: answer["digests"].update(model="9cd0"), "digests_named"),
        (lambda answer: answer.update(digests=None), "digests_named"),
        (lambda answer: answer.update(degraded=True), "degraded_has_reason"),
        (lambda answer: answer.update(degraded_reason="deadline"), "degraded_has_reason"),
        (lambda answer: answer.pop("degraded"), "degraded_has_reason"),
        (lambda answer: answer["filtered"].reverse(), "filters_true"),
        (lambda answer: answer["filtered"].append(answer["filtered"][-1]), "filters_true"),
    ],
)
def test_each_lie_about_why_is_noticed(
    cards: tuple[Scenario, Answer], catalogue: Answer, lie: Callable[[Answer], None], invariant: str
) -> None:
    scenario, answer = cards
    assert len(answer["filtered"]) > 1
    assert INVARIANTS[invariant](scenario["request"], answer, catalogue) is None
    lie(answer)
    assert INVARIANTS[invariant](scenario["request"], answer, catalogue)


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        {"items": None, "filtered": []},
        {"items": {}, "filtered": []},
        {"items": [1], "filtered": []},
        {"items": [{"id": ["track-0001"]}], "filtered": []},
        {"items": [{"id": "track-0001"}], "filtered": []},
        {"items": [{"id": "track-0001", "score": 1.5, "parts": {}}], "filtered": []},
        {"items": [{"id": "track-0001", "score": 1, "parts": {"a": 1}}], "filtered": []},
        {"items": [{"id": "track-0001", "score": True, "parts": {"a": 1}}], "filtered": []},
        {"items": [{"id": "track-0001", "score": 1, "parts": {"a": None}}], "filtered": []},
        {"items": [], "filtered": [{"id": "track-0001"}]},
        {"items": [], "filtered": [{"id": "track-0001", "reason": ["explicit"]}]},
    ],
)
def test_an_answer_of_another_shape_breaks_every_invariant_and_crashes_none(
    scenario: Scenario, catalogue: Answer, nonsense: Answer
) -> None:
    sentences = [invariant(scenario["request"], nonsense, catalogue) for invariant in INVARIANTS.values()]
    assert all(sentences)
