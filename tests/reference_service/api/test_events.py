"""The events endpoint, over HTTP: strict, exact about what it holds, and honest when it cannot."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from reference_service.api.events import EventsAnswer
from reference_service.api.problems import Problem
from reference_service.app import create_app
from reference_service.settings import Settings

PATH = "/v1/now-playing/events"
EVENT: dict[str, Any] = {
    "id": "e-1",
    "type": "skip",
    "at_ms": 1_767_225_600_000,
    "listener_id": "listener-0001",
    "item_id": "track-0001",
    "surface": "up_next",
}


def test_events_are_answered_once_they_are_on_disk_and_again_as_duplicates(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(events=tmp_path))) as client:
        for accepted in (2, 0):
            answer = client.post(PATH, json={"events": [EVENT, {**EVENT, "id": "e-2", "position": 3.0}]})
            said = EventsAnswer.model_validate_json(answer.content)
            assert (said.accepted, said.duplicates) == (accepted, 2 - accepted)
            held = (tmp_path / "events-00.log").read_bytes()
            assert held.count(b"\n") == 2
            assert b'"position":3' in held


@pytest.mark.parametrize(
    ("changed", "at"),
    [
        ({"type": "share"}, "type"),
        ({"at_ms": "2026-01-01"}, "at_ms"),
        ({"at_ms": -1}, "at_ms"),
        ({"at_ms": True}, "at_ms"),
        ({"id": "e 1"}, "id"),
        ({"position": 0}, "position"),
        ({"listener_id": "x" * 65}, "listener_id"),
        ({"note": "hello"}, "note"),
    ],
)
def test_a_wrong_event_is_named_and_nothing_of_its_request_is_held(
    client: TestClient, changed: dict[str, object], at: str
) -> None:
    sent = {"events": [{**EVENT, "id": f"good-{uuid.uuid4().hex}"}, {**EVENT, **changed}]}
    problem = Problem.model_validate_json(client.post(PATH, json=sent).content)
    assert [error.at for error in problem.errors] == [f"body.events.1.{at}"]
    assert client.post(PATH, json={"events": sent["events"][:1]}).json()["accepted"] == 1
    client.post(PATH, json={"events": sent["events"][:1]})


@pytest.mark.parametrize("count", [0, 101])
def test_the_number_of_events_is_bounded(client: TestClient, count: int) -> None:
    assert client.post(PATH, json={"events": [EVENT] * count}).status_code == 422


def test_a_full_log_is_a_problem_that_says_to_come_again_and_rankings_go_on(
    tmp_path: Path, question: dict[str, Any]
) -> None:
    with TestClient(create_app(Settings(events=tmp_path, events_bytes=4_096))) as client:
        events = [{**EVENT, "id": f"e-{number}"} for number in range(100)]
        answer = client.post(PATH, json={"events": events})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "size" in Problem.model_validate_json(answer.content).detail
        assert (tmp_path / "events-00.log").read_bytes() == b""
        assert not client.post("/v1/now-playing/up-next:rank", json=question).json()["degraded"]
        assert 'now_playing_events_total{outcome="failed"} 100.0' in client.get("/metrics").text


def test_a_folder_that_cannot_be_written_stops_the_service_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"), TestClient(create_app(Settings(events=tmp_path / "file"))):
        pass


def test_before_it_started_events_are_refused() -> None:
    assert TestClient(create_app(Settings())).post(PATH, json={"events": [EVENT]}).status_code == 503
