"""The desk: what is to be shed is answered from its bytes alone, and whatever is unusual goes the usual way."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from reference_service.api.desk import Desk, attended_by
from reference_service.api.responses import RankingAnswer
from reference_service.app import create_app
from reference_service.settings import Settings

LINE = b"POST /v1/now-playing/up-next:rank HTTP/1.1"
DEFAULTS = [(b"server", b"ours")]


def wire(body: bytes, *fields: bytes, line: bytes = LINE) -> bytes:
    length = b"content-length: %d" % len(body)
    return b"\r\n".join([line, b"host: s", b"Content-Type: application/json", length, *fields, b"", body])


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """The desk of a started service that has no room for another ranking."""
    app = create_app(Settings())
    found: Desk = app.state.desk
    found.shedding.limit.least = found.shedding.limit.most = 0
    with TestClient(app):
        yield found


@pytest.fixture
def body(question: dict[str, Any]) -> bytes:
    """A valid body."""
    return json.dumps(question).encode()


def test_a_ranking_beyond_the_limit_is_answered_with_what_is_popular(desk: Desk, body: bytes) -> None:
    response = desk.answer(wire(body, b"X-Request-ID: mine"), DEFAULTS)
    assert response is not None
    head, _, content = response.partition(b"\r\n\r\n")
    status, *fields = head.split(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    assert {b"server: ours", b"x-request-id: mine", b"content-length: %d" % len(content)} <= set(fields)
    answer = RankingAnswer.model_validate_json(content)
    assert (answer.degraded_reason, answer.request_id, len(answer.items)) == ("overloaded", "mine", 30)


UNUSUAL: dict[str, Callable[[bytes], bytes]] = {
    "a piece of a request": lambda body: wire(body)[:-1],
    "more than a request": lambda body: wire(body) + b"P",
    "no end of headers": lambda body: wire(body).partition(b"\r\n\r\n")[0],
    "a body in chunks": lambda body: wire(body, b"transfer-encoding: chunked"),
    "a client that waits to be asked": lambda body: wire(body, b"Expect: 100-continue"),
    "a last request": lambda body: wire(body, b"connection: close"),
    "two lengths": lambda body: wire(body, b"content-length: 3"),
    "a length that is none": lambda body: wire(body).replace(b"content-length: ", b"content-length: +"),
    "a folded header": lambda body: wire(body, b" folded: yes"),
    "a header without a name": lambda body: wire(body, b": 7"),
    "a space before the colon": lambda body: wire(body, b"x-request-id : 7"),
    "another method": lambda body: wire(body, line=LINE.replace(b"POST", b"PUT")),
    "another path": lambda body: wire(body, line=b"POST /v1/now-playing/events HTTP/1.1"),
    "an old version": lambda body: wire(body, line=LINE.replace(b"1.1", b"1.0")),
    "another type": lambda body: wire(body).replace(b"/json", b"/xml"),
    "a deadline that is none": lambda body: wire(body, b"x-request-deadline-ms: soon"),
    "a long body": lambda body: wire(body[:-1] + b" " * 300_000 + b"}"),
    "an invalid body": lambda body: wire(body.replace(b"track-0001", b"track 0001")),
    "no JSON": lambda body: wire(b"["),
    "nothing": lambda body: b"",
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_goes_the_usual_way(desk: Desk, body: bytes, name: str) -> None:
    assert desk.answer(UNUSUAL[name](body), DEFAULTS) is None


def test_what_there_is_room_for_goes_the_usual_way_and_so_does_all_while_draining(body: bytes) -> None:
    app = create_app(Settings())
    found: Desk = app.state.desk
    with TestClient(app):
        assert found.answer(wire(body), DEFAULTS) is None
        found.shedding.limit.least = found.shedding.limit.most = 0
        assert found.answer(wire(body), DEFAULTS) is not None
        found.lifecycle.draining = True
        assert found.answer(wire(body), DEFAULTS) is None


def test_before_the_service_is_ready_it_answers_nothing(body: bytes) -> None:
    found: Desk = create_app(Settings()).state.desk
    found.shedding.limit.least = found.shedding.limit.most = 0
    assert found.answer(wire(body), DEFAULTS) is None


class Server(uvicorn.Server):
    """A server that says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


async def statuses(path: Path, pieces: list[bytes], count: int) -> list[int]:
    """Return the status of each answer to these bytes, sent piece by piece; no more may come."""
    app = create_app(Settings())
    found: Desk = app.state.desk
    server = Server(uvicorn.Config(app, http=attended_by(found), uds=str(path), log_config=None))
    serving = asyncio.create_task(server.serve())
    await server.up.wait()
    found.shedding.limit.least = found.shedding.limit.most = 0
    reader, writer = await asyncio.open_unix_connection(path)
    said = []
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        # So that pieces come apart; what is asserted holds either way.
        await asyncio.sleep(0.02)
    for _ in range(count):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        said.append(int(head.split()[1]))
    writer.write_eof()
    server.should_exit = True
    assert await reader.read() == b""
    writer.close()
    await serving
    return said


def test_a_request_within_the_body_of_another_is_a_body(tmp_path: Path, body: bytes) -> None:
    inner = wire(body)
    head = wire(inner).removesuffix(inner)
    assert asyncio.run(statuses(tmp_path / "s", [head, inner, wire(body)], 2)) == [503, 200]
    assert asyncio.run(statuses(tmp_path / "t", [head[:20], head[20:] + inner[:9], inner[9:]], 1)) == [503]


def test_requests_that_follow_each_other_are_answered_in_order(tmp_path: Path, body: bytes) -> None:
    wrong = wire(b"{}")
    pieces = [wire(body), wrong + wire(body), wire(body), b"GET /healthz HTTP/1.1\r\nhost: s\r\n\r\n"]
    assert asyncio.run(statuses(tmp_path / "s", pieces, 5)) == [200, 503, 200, 200, 200]
