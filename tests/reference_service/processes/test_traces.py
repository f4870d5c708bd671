"""Traces: off without cost, sampled, carried on, and true of the request that they tell of."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from reference_service.app import create_app
from reference_service.features.listeners import DEFAULT, Listener
from reference_service.settings import Settings, SettingsError
from reference_service.telemetry.traces import MOST_ASKED_A_SECOND, Traces
from reference_service.trace import Parent, Trace, outgoing
from tests.reference_service.processes.collector import collector

UP_NEXT = "/v1/now-playing/up-next:rank"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ASKED = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


def traced(address: str, share: float = 0.0) -> TestClient:
    settings = Settings(clock=NOW, traces=address, trace_share=share)
    return TestClient(create_app(settings), raise_server_exceptions=False)


def test_a_request_whose_caller_samples_is_told_of_with_its_stages(question: dict[str, Any]) -> None:
    with collector() as held:
        with traced(held.address) as client:
            answer = client.post(UP_NEXT, json=question, headers={**ASKED, "X-Request-ID": "r-1"})
        spans = {span.name: span for span in held.spans}
    assert answer.status_code == 200
    assert [part.partition(";dur=")[0] for part in answer.headers["server-timing"].split(", ")] == [
        "features",
        "rank",
        "render",
    ]
    root = spans.pop("rankUpNext")
    assert (root.trace_id.hex(), root.parent_span_id.hex()) == (TRACE, SPAN)
    said = {attribute.key: attribute.value for attribute in root.attributes}
    assert said["http.response.status_code"].int_value == 200
    assert said["now_playing.request_id"].string_value == "r-1"
    assert spans.keys() == {"features", "rank", "render"}
    for span in spans.values():
        assert span.parent_span_id == root.span_id
        assert root.start_time_unix_nano - 10**6 <= span.start_time_unix_nano
        assert span.start_time_unix_nano <= span.end_time_unix_nano <= root.end_time_unix_nano + 10**6


def test_a_failure_is_told_as_one(question: dict[str, Any]) -> None:
    class Broken:
        digest = "0" * 64

        async def read(self, listener_id: str) -> Listener:
            raise KeyError(listener_id)

    with collector() as held:
        settings = Settings(clock=NOW, traces=held.address)
        with TestClient(create_app(settings, store=Broken()), raise_server_exceptions=False) as client:
            assert client.post(UP_NEXT, json=question, headers=ASKED).status_code == 500
        root = next(span for span in held.spans if span.name == "rankUpNext")
    assert root.status.code == 2
    assert root.status.message == ""
    assert not root.events


@pytest.mark.parametrize(
    "header",
    [
        f"00-{TRACE}-{SPAN}-00",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        "nonsense",
        "",
    ],
)
def test_without_a_valid_sampled_trace_nothing_is_recorded(question: dict[str, Any], header: str) -> None:
    with collector() as held:
        with traced(held.address) as client:
            answer = client.post(UP_NEXT, json=question, headers={"traceparent": header})
        assert not held.bodies
    assert "server-timing" not in answer.headers


def test_the_share_decides_where_no_caller_does_and_health_is_never_traced(question: dict[str, Any]) -> None:
    for share, expected in ((0.0, 0), (1.0, 3)):
        with collector() as held:
            with traced(held.address, share) as client:
                for _ in range(3):
                    client.post(UP_NEXT, json=question)
                    client.get("/readyz")
            assert [span.name for span in held.spans].count("rankUpNext") == expected
            assert {span.name for span in held.spans} <= {"rankUpNext", "features", "rank", "render"}


def test_callers_cannot_have_more_traced_than_a_second_may_hold() -> None:
    with collector() as held:
        traces = Traces(held.address, 0.0)
        asked = [traces.begin(Parent(1, 2, sampled=True)) for _ in range(10 * MOST_ASKED_A_SECOND)]
        traces.close()
    recorded = [one for one in asked if not isinstance(one, Trace)]
    assert MOST_ASKED_A_SECOND <= len(recorded) <= 2 * MOST_ASKED_A_SECOND
    assert {one.header for one in asked if isinstance(one, Trace)} == {f"00-{1:032x}-{2:016x}-01"}


@pytest.mark.parametrize("flags", ["00", "01"])
def test_whoever_is_asked_on_the_way_gets_the_trace(question: dict[str, Any], flags: str) -> None:
    seen: list[dict[str, str]] = []

    class Asking:
        digest = "0" * 64

        async def read(self, listener_id: str) -> Listener:
            seen.append(dict(outgoing()))
            return DEFAULT

    with collector() as held:
        settings = Settings(clock=NOW, traces=held.address)
        with TestClient(create_app(settings, store=Asking())) as client:
            client.post(UP_NEXT, json=question, headers={"traceparent": f"00-{TRACE}-{SPAN}-{flags}"})
            client.post(UP_NEXT, json=question)
        roots = [span.span_id.hex() for span in held.spans if span.name == "rankUpNext"]
    span = roots[0] if roots else SPAN
    assert seen == [{"traceparent": f"00-{TRACE}-{span}-{flags}"}, {}]


def test_a_collector_that_is_gone_harms_no_answer(question: dict[str, Any]) -> None:
    with collector() as held:
        address = held.address
    with traced(address, 1.0) as client:
        assert all(client.post(UP_NEXT, json=question).status_code == 200 for _ in range(5))


def test_the_library_is_not_even_imported_where_nothing_is_traced() -> None:
    code = (
        "import sys; from reference_service.app import create_app; from reference_service.settings import Settings;"
        "create_app(Settings()); sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


def test_a_missing_library_stops_the_start_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "reference_service.telemetry.traces")
    with pytest.raises(
        SettingsError, match=r"NOW_PLAYING_TRACES: .* pip install guardrails-harness\[traces\]"
    ):
        create_app(Settings(traces="http://127.0.0.1:4318/v1/traces"))
