"""A process that is sent personal data everywhere tells none of it to logs, metrics or traces."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.reference_service.processes.collector import collector
from tests.reference_service.processes.service import Connection, Service, served

UP_NEXT, CARDS = "/v1/now-playing/up-next:rank", "/v1/now-playing/cards:rank"
WORD = "zebra"
TRACED = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}


def context(number: int) -> dict[str, Any]:
    return {
        "listener_id": f"{WORD}-{number}",
        "market": "GB",
        "product_tier": "premium",
        "explicit_allowed": True,
        "age_band": "adult",
        "hour_local": 9,
        "device": "phone",
        "now_playing": f"{WORD}-playing",
        "recent_skips": [f"{WORD}-skip"],
        "recently_played": [f"{WORD}-played"],
        "recently_shown": [f"{WORD}-shown"],
        "dismissals": [f"{WORD}-dismissed"],
        "pins": [{"slot": 1, "id": f"{WORD}-pinned"}],
    }


async def tell_everything(socket: str) -> str:
    """Send the word in every place that a client has, well and badly; return the metrics."""
    connection = await Connection.to(socket)
    event = {
        "id": f"{WORD}-event",
        "type": "play",
        "at_ms": 1,
        "listener_id": f"{WORD}-1",
        "item_id": f"{WORD}-item",
        "surface": "cards",
        "ranking_id": f"{WORD}-ranking",
    }
    good = {"context": context(1), "candidates": [{"id": f"{WORD}-candidate"}, {"id": "track-0001"}]}
    asked: list[tuple[int, str, str, object]] = [
        (200, "POST", UP_NEXT, good),
        (200, "POST", CARDS, good),
        (422, "POST", UP_NEXT, {**good, WORD: WORD}),
        (422, "POST", f"{UP_NEXT}?{WORD}={WORD}", {**good, "limit": WORD}),
        (422, "POST", CARDS, {"context": {**context(2), "market": WORD}, "candidates": []}),
        (422, "POST", UP_NEXT, [WORD]),
        (200, "POST", "/v1/now-playing/events", {"events": [event]}),
        (422, "POST", "/v1/now-playing/events", {"events": [{**event, "type": WORD}]}),
        (404, "GET", f"/{WORD}", None),
        (405, "PUT", UP_NEXT, WORD),
        (200, "GET", f"/?listener={WORD}-page&playing={WORD}&dismissed={WORD}", None),
        (422, "GET", f"/compare?a.listener={WORD}%20{WORD}", None),
    ]
    headers = {**TRACED, f"x-{WORD}": WORD, "user-agent": WORD, "x-request-deadline-ms": "900"}
    for status, method, path, body in asked:
        assert (await connection.ask(method, path, body, headers))[0] == status, (method, path)
    bad = {**TRACED, "x-request-deadline-ms": WORD}
    assert (await connection.ask("POST", UP_NEXT, good, bad))[0] == 422
    await connection.close()
    return await metrics(socket)


async def metrics(socket: str) -> str:
    reader, writer = await asyncio.open_unix_connection(socket, limit=2**20)
    writer.write(b"GET /metrics HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return text


def ended(service: Service) -> str:
    """Stop the service; return all that it wrote to standard error since it accepted connections."""
    service.process.terminate()
    _, said = service.process.communicate(timeout=60)
    return said


def test_nothing_that_a_client_said_is_in_logs_metrics_or_traces(tmp_path: Path) -> None:
    with collector() as held:
        environment = {
            "NOW_PLAYING_TRACES": held.address,
            "NOW_PLAYING_TRACE_SHARE": "1",
            "NOW_PLAYING_PAGE": "on",
            "NOW_PLAYING_DRAIN_MS": "0",
            "NOW_PLAYING_EVENTS": str(tmp_path / "events"),
        }
        with served(environment) as service:
            counted = asyncio.run(tell_everything(service.socket))
            said = ended(service)
        sent = b"".join(held.bodies)
        names = {span.name for span in held.spans}
    assert {"rankUpNext", "rankCards", "recordEvents", "page", "none"} <= names
    assert "now_playing_filtered_total" in counted
    lines = [json.loads(line) for line in said.splitlines()]
    assert "stopped" in {line["event"] for line in lines}
    assert WORD not in counted
    assert WORD not in said
    assert WORD.encode() not in sent
    assert WORD in "".join(path.read_text("utf-8") for path in (tmp_path / "events").glob("*.log"))


async def hostile(socket: str) -> tuple[str, str]:
    """Return the metrics before and after many requests that differ wherever a client can make them differ."""
    connection = await Connection.to(socket)
    await connection.ask("GET", "/first")
    before = await metrics(socket)
    for number in range(60):
        headers = {"x-request-id": f"id-{number}", "traceparent": f"00-{number:032x}-{number:016x}-01"}
        body = {"context": context(number), "candidates": [{"id": f"{WORD}-{number}"}]}
        await connection.ask("GET", f"/path-{number}?q={number}", None, headers)
        await connection.ask(("DELETE", "PATCH", "PROPFIND")[number % 3], f"/{number}", None, headers)
        await connection.ask("POST", UP_NEXT, body, headers)
    await connection.close()
    return before, await metrics(socket)


def test_no_client_can_grow_the_number_of_series() -> None:
    with served({"NOW_PLAYING_DRAIN_MS": "0"}) as service:
        before, after = asyncio.run(hostile(service.socket))
    new = {line.rpartition(" ")[0] for line in after.splitlines()} - {
        line.rpartition(" ")[0] for line in before.splitlines()
    }
    series = {line for line in new if line.startswith("now_playing_") and "_bucket" not in line}
    assert 0 < len(series) < 40, series
