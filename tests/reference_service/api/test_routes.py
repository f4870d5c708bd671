"""The endpoints, over HTTP, as clients use and misuse them."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from reference_service.api.problems import Problem
from reference_service.api.responses import RankingAnswer
from reference_service.app import create_app
from reference_service.features.listeners import FeaturesUnavailable, Listener
from reference_service.settings import Settings

UP_NEXT, CARDS = "/v1/now-playing/up-next:rank", "/v1/now-playing/cards:rank"


class BrokenStore:
    """A store that never answers."""

    digest = "0" * 64

    async def read(self, listener_id: str) -> Listener:
        raise FeaturesUnavailable(listener_id)


def test_an_answer_reads_as_its_contract_and_its_parts_sum_to_its_scores(
    client: TestClient, question: dict[str, Any]
) -> None:
    answer = RankingAnswer.model_validate_json(client.post(UP_NEXT, json=question).content)
    assert len(answer.items) == 30
    assert [item.score for item in answer.items] == [sum(item.parts.values()) for item in answer.items]
    assert not answer.degraded


def test_cards_are_ranked_from_their_own_surface_only(client: TestClient, question: dict[str, Any]) -> None:
    question["candidates"] = [{"id": "card-credits-01"}, {"id": "track-0001"}]
    answer = RankingAnswer.model_validate_json(client.post(CARDS, json=question).content)
    assert [item.id for item in answer.items] == ["card-credits-01"]
    assert [(item.id, item.reason) for item in answer.filtered] == [("track-0001", "wrong_surface")]


def test_unknown_candidates_are_answered_as_filtered(client: TestClient, question: dict[str, Any]) -> None:
    question["candidates"] = [{"id": "track-9999"}]
    answer = client.post(UP_NEXT, json=question).json()
    assert (answer["items"], answer["filtered"]) == ([], [{"id": "track-9999", "reason": "unknown"}])


def test_a_store_that_fails_degrades_the_answer_and_keeps_its_constraints(question: dict[str, Any]) -> None:
    question["context"]["explicit_allowed"] = False
    with TestClient(create_app(Settings(), store=BrokenStore())) as client:
        answer = RankingAnswer.model_validate_json(client.post(UP_NEXT, json=question).content)
        metrics = client.get("/metrics").text
    assert (answer.degraded, answer.degraded_reason) == (True, "features_unavailable")
    assert "explicit" in {item.reason for item in answer.filtered}
    assert answer.items
    assert 'now_playing_degraded_total{reason="features_unavailable"} 1.0' in metrics


def test_before_its_lifespan_starts_the_service_lives_and_is_not_ready(question: dict[str, Any]) -> None:
    client = TestClient(create_app(Settings()))
    assert client.get("/healthz").status_code == 200
    for refused in (client.get("/readyz"), client.post(UP_NEXT, json=question)):
        assert refused.status_code == 503
        assert Problem.model_validate_json(refused.content).status == 503
        assert refused.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"null", 422),
        (b"NaN", 422),
        (b"\xff", 400),
        (b"1" * 6_000, 400),
        (b"[" * 100_000, 400),
        (b'{"\\ud800": 1, "context": {"market": "\\ud800"}}', 422),
        (b" " * 262_145, 413),
    ],
)
def test_hostile_bodies_are_refused_with_a_problem(client: TestClient, body: bytes, status: int) -> None:
    answer = client.post(UP_NEXT, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert Problem.model_validate_json(answer.content).request_id == answer.headers["x-request-id"]


def test_a_body_sent_in_chunks_is_bounded_as_well(client: TestClient) -> None:
    chunks = (b" " * 65_536 for _ in range(5))
    answer = client.post(UP_NEXT, content=chunks, headers={"content-type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("listener_id", "x" * 65),
        ("listener_id", "listener-0001\n"),
        ("market", "gb"),
        ("hour_local", 24),
        ("hour_local", "9"),
        ("explicit_allowed", 1),
        ("device", "fridge"),
        ("dismissals", ["x"] * 201),
        ("surprise", 1),
    ],
)
def test_a_field_out_of_bounds_is_named_and_not_echoed(
    client: TestClient, question: dict[str, Any], place: str, value: object
) -> None:
    question["context"][place] = value
    answer = client.post(UP_NEXT, json=question)
    problem = Problem.model_validate_json(answer.content)
    assert answer.status_code == 422
    assert [error.at for error in problem.errors] == [f"body.context.{place}"]
    assert "fridge" not in answer.text
    assert "x" * 65 not in answer.text


@pytest.mark.parametrize(("path", "most"), [(UP_NEXT, 500), (CARDS, 20)])
def test_candidates_are_bounded(client: TestClient, question: dict[str, Any], path: str, most: int) -> None:
    question["candidates"] = [{"id": "track-0001"}] * most
    assert client.post(path, json=question).status_code == 200
    question["candidates"] = [{"id": "track-0001"}] * (most + 1)
    assert client.post(path, json=question).status_code == 422
    question["candidates"] = []
    assert client.post(path, json=question).status_code == 422


def test_a_whole_number_may_be_written_as_json_schema_allows(
    client: TestClient, question: dict[str, Any]
) -> None:
    written = client.post(UP_NEXT, json={**question, "limit": 5}).content
    assert client.post(UP_NEXT, json={**question, "limit": 5.0}).content == written
    assert client.post(UP_NEXT, json={**question, "limit": 5.5}).status_code == 422
    assert client.post(UP_NEXT, json={**question, "limit": True}).status_code == 422


def test_paths_and_methods_that_do_not_exist_are_problems(client: TestClient) -> None:
    missing, wrong = client.get("/v2"), client.get(UP_NEXT)
    assert (missing.status_code, wrong.status_code, wrong.headers["allow"]) == (404, 405, "POST")
    assert Problem.model_validate_json(wrong.content).title == "Method Not Allowed"


def test_metrics_have_no_label_that_a_client_chooses(client: TestClient, question: dict[str, Any]) -> None:
    question["candidates"] = [{"id": "zebra-1"}]
    question["context"]["listener_id"] = "zebra-2"
    question["context"]["market"] = "ZZ"
    client.post(UP_NEXT, json=question, headers={"X-Request-ID": "zebra-3"})
    client.get("/zebra-4")
    text = client.get("/metrics").text
    assert 'now_playing_filtered_total{reason="unknown",surface="up_next"}' in text
    assert "zebra" not in text
    assert "ZZ" not in text
