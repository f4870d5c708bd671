"""The service as an operator starts it: a process, a socket, and the same bytes every time."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

CLOCK = {"NOW_PLAYING_CLOCK": "2026-01-01T00:00:00Z"}
SERVE = [sys.executable, "-m", "uvicorn", "--factory", "reference_service.app:create_app", "--no-access-log"]


@contextmanager
def launched(environment: dict[str, str]) -> Iterator[httpx2.Client]:
    """Start the service on a unix socket; it is ready when uvicorn says so on standard error."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "s"
        process = subprocess.Popen(
            [*SERVE, "--uds", str(socket)],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        try:
            assert any("running on" in line for line in process.stderr), "it ended before it ran"
            transport = httpx2.HTTPTransport(uds=str(socket))
            with httpx2.Client(transport=transport, base_url="http://service") as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            _, rest = process.communicate(timeout=30)
            assert "Traceback" not in rest


def test_two_launches_answer_the_same_bytes(question: dict[str, Any]) -> None:
    answers = []
    for _ in range(2):
        with launched(CLOCK) as client:
            assert client.get("/readyz").status_code == 200
            ranked = client.post("/v1/now-playing/up-next:rank", json=question)
            named = client.post(
                "/v1/now-playing/cards:rank", json=question, headers={"X-Request-ID": "harness-1"}
            )
            refused = client.post("/v1/now-playing/cards:rank", json={})
            answers.append([ranked.content, named.content, refused.content])
            assert ranked.status_code == 200
            assert json.loads(named.content)["request_id"] == named.headers["x-request-id"] == "harness-1"
    assert answers[0] == answers[1]


def test_without_a_fixed_clock_every_request_gets_an_id_of_its_own(question: dict[str, Any]) -> None:
    with launched({}) as client:
        names = {
            client.get("/healthz", headers={"X-Request-ID": "no spaces"}).headers["x-request-id"]
            for _ in "ab"
        }
    assert len(names) == 2
    assert "no spaces" not in names


def test_a_misspelt_variable_stops_the_service_at_start() -> None:
    failed = subprocess.run(
        [*SERVE, "--port", "0"],
        env={**os.environ, "NOW_PLAYING_CLOK": "x"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert failed.returncode != 0
    assert "NOW_PLAYING_CLOK: unknown variable" in failed.stderr


WRONG = {
    "NOW_PLAYING_CLOK": ("x", "unknown variable; known are"),
    "NOW_PLAYING_PAGE": ("yes", "give on or off"),
    "NOW_PLAYING_FEATURES": ("sqlite:/nowhere/listeners.db", "name a store that can be read"),
    "NOW_PLAYING_EVENTS": ("/proc/nowhere", "name a folder that this process may write to"),
    "NOW_PLAYING_MODELS": ("/nowhere", "name a folder that holds active.lock"),
}


@pytest.mark.parametrize("page", ["on", "off"])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_one_line_that_says_what_where_and_what_to_do(
    name: str, page: str, tmp_path: Path
) -> None:
    value, remedy = WRONG[name]
    failed = subprocess.run(
        [sys.executable, "-m", "reference_service.serve", "--uds", str(tmp_path / "s")],
        env={**os.environ, "NOW_PLAYING_PAGE": page, name: value},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    *logged, last = failed.stderr.splitlines()
    assert failed.returncode == 2
    assert last.startswith(f"python -m reference_service.serve: {name}")
    assert remedy in last
    assert all(json.loads(line)["level"] == "info" for line in logged)


def test_what_is_logged_at_start_and_stop_can_be_read(tmp_path: Path) -> None:
    socket = tmp_path / "s"
    lines = []
    with subprocess.Popen(
        [sys.executable, "-m", "reference_service.serve", "--uds", str(socket)],
        env={**os.environ, "NOW_PLAYING_DRAIN_MS": "0"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if "running on" in line:
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in lines]
    assert f"Started server process [{process.pid}]" in events
    assert any(str(socket) in event for event in events)
    assert events[-1] == "stopped"
    assert not any("%" in event for event in events)


@pytest.mark.parametrize("header", ["", "x" * 65, "a b", "é"])
def test_an_unfit_request_id_is_replaced(client: Any, header: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": header.encode()})
    assert answer.headers["x-request-id"] != header
    assert len(answer.headers["x-request-id"]) == 32
