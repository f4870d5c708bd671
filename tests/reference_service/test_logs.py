"""Logs: one JSON object a line, and nothing of what a request said."""

import json
import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from reference_service.app import create_app
from reference_service.features.listeners import Listener
from reference_service.logs import JsonLines, note
from reference_service.settings import Settings

UP_NEXT = "/v1/now-playing/up-next:rank"


class Quoting:
    """A store whose faults quote the listener, as faults do."""

    digest = "0" * 64

    async def read(self, listener_id: str) -> Listener:
        raise KeyError(listener_id)


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(JsonLines().format(record)) for record in caplog.records]


def test_a_fault_is_logged_under_its_request_id_and_quotes_nothing_of_the_request(
    question: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    question["context"].update(listener_id="zebra-1", now_playing="zebra-2", dismissals=["zebra-3"])
    question["candidates"].append({"id": "zebra-4"})
    app = create_app(Settings(), store=Quoting())
    with (
        caplog.at_level(logging.INFO, logger="now_playing"),
        TestClient(app, raise_server_exceptions=False) as client,
    ):
        answer = client.post(UP_NEXT + "?zebra-5=1", json=question, headers={"X-Zebra": "zebra-6"})
    assert answer.status_code == 500
    ours = [line for line in lines(caplog) if line["logger"] == "now_playing"]
    assert [(line["event"], line["request_id"]) for line in ours] == [
        ("request_failed", answer.headers["x-request-id"])
    ]
    assert ours[0]["error"] == "KeyError"
    assert ours[0]["frames"][-1].startswith("test_logs.py:")
    assert "zebra" not in json.dumps(lines(caplog))


def test_a_librarys_arguments_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("library").error("cannot read %s", "zebra")
    assert "zebra" not in json.dumps(lines(caplog))
    assert lines(caplog)[0]["event"] == "cannot read %s"


def test_numbers_stand_beside_the_event(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="now_playing"):
        note("draining", seconds=1.5)
    assert lines(caplog)[0]["seconds"] == 1.5
