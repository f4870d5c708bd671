"""The scenarios: complete, canonical, true of the service, and able to notice each broken rule."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from starlette.testclient import TestClient

from contracts.now_playing.invariants import ARTIST_GAP, CAPS, INVARIANTS, KIND_GAP
from contracts.now_playing.record import catalogue_text, scenario_texts
from reference_service.features.catalogue import COLUMNS
from reference_service.ranking import eligibility, rank
from reference_service.ranking.nouns import Facts, IntArray, Question, Spacing
from reference_service.ranking.policy import POLICY
from reference_service.ranking.screening import ALLOWED, Screening
from reference_service.ranking.spacing import Placed
from tests.contracts.now_playing.conftest import CONTRACT, Scenario

RECORD = "run: python -m contracts.now_playing.record"
SLICES = {
    "new_user",
    "kids",
    "explicit_off",
    "free",
    "premium",
    "car",
    "shuffle",
    "podcast",
    "dismissals",
    "licence",
    "artist_crowding",
    "ties",
    "small",
    "large",
    "unknown",
    "duplicates",
}


def ask(client: TestClient, scenario: Scenario) -> dict[str, Any]:
    path = scenario["request"]["operation"].removeprefix("POST ")
    answer = client.post(path, json=scenario["request"]["body"])
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def placing(order: Callable[[int, int], Iterable[int]]) -> Callable[[pytest.MonkeyPatch], None]:
    """Return what makes the service place items in this order, given how many there are and are wanted."""

    def space(rows: Sequence[int], *_: Sequence[str], limit: int, **__: Any) -> list[Placed]:
        return [Placed(position, None) for position in order(len(rows), limit)]

    return lambda patch: patch.setattr(rank, "space", space)


def broken(client: TestClient, scenario: Scenario, catalogue: dict[str, Any]) -> set[str]:
    answer = ask(client, scenario)
    return {
        name for name in scenario["constraints"] if INVARIANTS[name](scenario["request"], answer, catalogue)
    }


def test_scenarios_are_named_after_their_files_and_cover_every_slice(scenarios: dict[str, Scenario]) -> None:
    assert len(scenarios) >= 48
    assert all(scenario["scenario"] == name for name, scenario in scenarios.items())
    tags = Counter(tag for scenario in scenarios.values() for tag in scenario["tags"])
    assert tags.keys() >= SLICES
    assert sum(tag.startswith("market_") for tag in tags) >= 4


def test_scenarios_and_catalogue_are_what_the_recorder_would_write() -> None:
    stale = [path.name for path, text in scenario_texts() if path.read_text("utf-8") != text]
    assert not stale, f"{stale} differ from what the service answers; {RECORD}"
    assert (CONTRACT / "catalogue.json").read_text("utf-8") == catalogue_text(), f"stale facts; {RECORD}"


def test_the_service_answers_each_scenario_as_recorded_and_keeps_its_constraints(
    client: TestClient, scenarios: dict[str, Scenario], catalogue: dict[str, Any]
) -> None:
    for name, scenario in scenarios.items():
        answer = ask(client, scenario)
        assert [item["id"] for item in answer["items"]] == scenario["expect"]["order"], name
        assert not broken(client, scenario, catalogue), name


def test_the_contract_promises_the_spacing_and_the_caps_that_the_policy_keeps() -> None:
    assert POLICY.spacing == {"up_next": Spacing(artist_gap=ARTIST_GAP), "cards": Spacing(kind_gap=KIND_GAP)}
    assert POLICY.caps == CAPS


def judged_by_the_rules(screening: Screening, rows: IntArray, question: Question) -> IntArray:
    """Return what each rule says of these rows now, and not what was looked up of them before."""
    every = screening._facts
    facts = Facts(every.names, *(getattr(every, name).take(rows) for name in COLUMNS))
    codes = eligibility.screen_each(facts, question)
    codes[codes == eligibility.ELIGIBLE] = ALLOWED
    return codes


@pytest.mark.parametrize(
    ("reason", "invariant"),
    [
        ("wrong_surface", "only_candidates"),
        ("now_playing", "no_now_playing"),
        ("already_played", "no_already_played"),
        ("dismissed", "no_dismissed"),
        ("explicit", "no_explicit"),
        ("kids", "kids_safe"),
        ("market", "market"),
        ("licence", "licence"),
        ("tier", "tier"),
        ("car", "car_safe"),
        ("capped", "no_capped"),
    ],
)
def test_a_service_that_forgets_a_rule_is_noticed(
    client: TestClient,
    scenarios: dict[str, Scenario],
    catalogue: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    reason: str,
    invariant: str,
) -> None:
    honest = eligibility._forbidden

    def forgetful(*arguments: Any) -> dict[Any, Any]:
        return {known: mask for known, mask in honest(*arguments).items() if known != reason}

    monkeypatch.setattr(eligibility, "_forbidden", forgetful)
    monkeypatch.setattr(Screening, "_codes", judged_by_the_rules)
    caught = Counter(name for scenario in scenarios.values() for name in broken(client, scenario, catalogue))
    assert caught[invariant] >= 1


@pytest.mark.parametrize(
    ("sabotage", "invariant"),
    [
        (lambda patch: patch.setattr(Screening, "_repeats", lambda _, rows: rows[:0]), "no_duplicates"),
        (placing(lambda count, limit: range(min(limit, count))), "artist_spacing"),
        (placing(lambda count, limit: range(min(limit, count))), "kind_spacing"),
        (placing(lambda count, limit: range(min(limit, count))), "pins_hold"),
        (placing(lambda count, limit: range(count)[::-1][:limit]), "sorted_by_score_or_reranked"),
        (placing(lambda count, limit: range(count)[::-1][:limit]), "moves_true"),
        (placing(lambda count, limit: range(min(limit, count // 2))), "accounted_for"),
    ],
)
def test_a_service_that_orders_or_repeats_wrongly_is_noticed(
    client: TestClient,
    scenarios: dict[str, Scenario],
    catalogue: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    sabotage: Callable[[pytest.MonkeyPatch], None],
    invariant: str,
) -> None:
    sabotage(monkeypatch)
    assert any(invariant in broken(client, scenario, catalogue) for scenario in scenarios.values())


def test_equal_scores_stand_in_order_of_id_unless_spacing_holds_one_back(
    client: TestClient, scenarios: dict[str, Scenario], catalogue: dict[str, Any]
) -> None:
    items = ask(client, scenarios["ties-twins-new-user"])["items"]
    artists = [catalogue[item["id"]]["artist"] for item in items]
    ties = [at for at, (a, b) in enumerate(pairwise(items)) if a["score"] == b["score"]]
    held = [at for at in ties if items[at]["id"] > items[at + 1]["id"]]
    assert len(ties) - len(held) >= 10
    assert all(artists[at + 1] in artists[max(at - ARTIST_GAP, 0) : at] for at in held)
