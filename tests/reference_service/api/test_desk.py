"""The desk: what is to be shed is answered from its bytes alone, and whatever is unusual goes the usual way."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from reference_service.api.desk import Desk
from reference_service.api.responses import RankingAnswer
from reference_service.app import create_app
from reference_service.connection import attended_by
from reference_service.features.listeners import DEFAULT, Listener, ListenerStore
from reference_service.settings import Settings

LINE = b"POST /v1/now-playing/up-next:rank HTTP/1.1"
DEFAULTS = [(b"server", b"ours")]


def wire(body: bytes, *fields: bytes, line: bytes = LINE) -> bytes:
    length = b"content-length: %d" % len(body)
    return b"\r\n".join([line, b"host: s", b"Content-Type: application/json", length, *fields, b"", body])


def answer(desk: Desk, data: bytes) -> bytes | None:
    """Return what the desk answers to these bytes at once."""
    visit = desk.visit(data)
    if visit is None or visit.missing or desk.has_room(visit):
        return None
    (response,) = desk.shed([visit], DEFAULTS)
    return response


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
    response = answer(desk, wire(body, b"X-Request-ID: mine"))
    assert response is not None
    head, _, content = response.partition(b"\r\n\r\n")
    status, *fields = head.split(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    assert {b"server: ours", b"x-request-id: mine", b"content-length: %d" % len(content)} <= set(fields)
    said = RankingAnswer.model_validate_json(content)
    assert (said.degraded_reason, said.request_id, len(said.items)) == ("overloaded", "mine", 30)


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
    assert answer(desk, UNUSUAL[name](body)) is None


def test_what_there_is_room_for_goes_the_usual_way_and_so_does_all_while_draining(body: bytes) -> None:
    app = create_app(Settings())
    found: Desk = app.state.desk
    with TestClient(app):
        assert answer(found, wire(body)) is None
        found.shedding.limit.least = found.shedding.limit.most = 0
        assert answer(found, wire(body)) is not None
        found.lifecycle.draining = True
        assert answer(found, wire(body)) is None


def test_before_the_service_is_ready_it_answers_nothing(body: bytes) -> None:
    found: Desk = create_app(Settings()).state.desk
    found.shedding.limit.least = found.shedding.limit.most = 0
    assert answer(found, wire(body)) is None


class Gate:
    """A store that answers when it is opened."""

    digest = "0" * 64

    def __init__(self) -> None:
        self.open, self.asked = asyncio.Event(), asyncio.Event()

    async def read(self, listener_id: str) -> Listener:
        self.asked.set()
        await self.open.wait()
        return DEFAULT


class Server(uvicorn.Server):
    """A server that says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@asynccontextmanager
async def serving(
    path: Path,
    *,
    room: int | None = None,
    store: ListenerStore | None = None,
    settings: Settings | None = None,
) -> AsyncIterator[Desk]:
    """Serve on a unix socket, with room for so many rankings; let nobody hang."""
    app = create_app(settings or Settings(), store)
    found: Desk = app.state.desk
    server = Server(uvicorn.Config(app, http=attended_by(found), uds=str(path), log_config=None))
    async with asyncio.timeout(30):
        task = asyncio.create_task(server.serve())
        await server.up.wait()
        if room is not None:
            found.shedding.limit.least = found.shedding.limit.most = room
        try:
            yield found
        finally:
            server.should_exit = True
            await task


async def answered(reader: asyncio.StreamReader) -> tuple[int, dict[str, Any]]:
    """Return status and content of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    content = await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
    return int(head.split()[1]), json.loads(content)


async def exchanged(path: Path, pieces: list[bytes], count: int, room: int | None) -> list[tuple[int, Any]]:
    """Return status and content of each answer to these bytes, sent piece by piece; no more may come."""
    async with serving(path, room=room):
        reader, writer = await asyncio.open_unix_connection(path, limit=2**20)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            # So that pieces come apart; what is asserted holds either way.
            await asyncio.sleep(0.02)
        said = [await answered(reader) for _ in range(count)]
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
    return said


def statuses(path: Path, pieces: list[bytes], count: int, room: int | None = 0) -> list[int]:
    return [status for status, _ in asyncio.run(exchanged(path, pieces, count, room))]


@pytest.mark.parametrize("room", [0, None])
def test_a_request_within_the_body_of_another_is_a_body(
    tmp_path: Path, body: bytes, room: int | None
) -> None:
    inner, wrong = wire(body), 503 if room == 0 else 422
    head = wire(inner).removesuffix(inner)
    assert statuses(tmp_path / "s", [head, inner, wire(body)], 2, room) == [wrong, 200]
    assert statuses(tmp_path / "t", [head[:20], head[20:] + inner[:9], inner[9:]], 1, room) == [wrong]


@pytest.mark.parametrize("room", [0, None])
def test_requests_that_follow_each_other_are_answered_in_order(
    tmp_path: Path, body: bytes, room: int | None
) -> None:
    wrong = wire(b"{}")
    pieces = [wire(body), wrong + wire(body), wire(body), b"GET /healthz HTTP/1.1\r\nhost: s\r\n\r\n"]
    expected = [200, 503 if room == 0 else 422, 200, 200, 200]
    assert statuses(tmp_path / "s", pieces, 5, room) == expected


@pytest.mark.parametrize("room", [0, None])
def test_a_body_may_come_in_pieces(tmp_path: Path, body: bytes, room: int | None) -> None:
    whole = wire(body)
    for number, cuts in enumerate(([len(whole) - 1], [len(whole) - len(body)], [400, 900, 901])):
        edges = [0, *cuts, len(whole)]
        pieces = [whole[start:end] for start, end in pairwise(edges)]
        said = asyncio.run(exchanged(tmp_path / f"{number}", [*pieces, whole], 2, room))
        assert [status for status, _ in said] == [200, 200]
        assert said[0][1]["items"] == said[1][1]["items"]


def test_those_that_are_shed_together_are_each_answered_their_own(tmp_path: Path, body: bytes) -> None:
    wrong, bodies = wire(b"{}"), [body, body.replace(b"track-0001", b"no-such-track"), body[:-1] + b" }"]

    async def shed() -> list[tuple[int, dict[str, Any]]]:
        async with serving(tmp_path / "s", room=0):
            streams = [await asyncio.open_unix_connection(tmp_path / "s", limit=2**20) for _ in range(8)]
            # All are written before the loop turns to its sockets.
            for number, (_, writer) in enumerate(streams):
                named = b"x-request-id: %d" % number
                writer.write(wrong if number == 5 else wire(bodies[number % 3], named))
            said = [await answered(reader) for reader, _ in streams]
            for _, writer in streams:
                writer.close()
            return said

    said = asyncio.run(shed())
    assert [status for status, _ in said] == [200] * 5 + [503] + [200] * 2
    del said[5]
    assert [answer["request_id"] for _, answer in said] == ["0", "1", "2", "3", "4", "6", "7"]
    named = [any(one["id"] == "no-such-track" for one in answer["filtered"]) for _, answer in said]
    assert named == [False, True, False, False, True, False, True]


def test_where_shedding_fails_the_usual_way_tells(
    tmp_path: Path, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Desk, visits: object, defaults: object) -> list[bytes | None]:
        raise ZeroDivisionError

    monkeypatch.setattr(Desk, "shed", fail)
    assert statuses(tmp_path / "s", [wire(body), wire(body)], 2) == [200, 200]


def test_what_follows_a_ranking_in_work_waits_for_it(tmp_path: Path, body: bytes) -> None:
    async def held() -> list[tuple[int, dict[str, Any]]]:
        gate = Gate()
        async with serving(tmp_path / "s", store=gate):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s", limit=2**20)
            for name in (b"first", b"second", b"third"):
                writer.write(wire(body, b"x-request-id: " + name))
                await writer.drain()
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: s\r\n\r\n")
            await gate.asked.wait()
            gate.open.set()
            said = [await answered(reader) for _ in range(4)]
            writer.close()
            return said

    *ranked, health = asyncio.run(held())
    assert [answer["request_id"] for _, answer in ranked] == ["first", "second", "third"]
    assert not any(answer["degraded"] for _, answer in ranked)
    assert health == (200, {"status": "ok"})


def test_a_client_that_leaves_takes_nothing_with_it(tmp_path: Path, body: bytes) -> None:
    async def left() -> tuple[int, dict[str, Any]]:
        gate = Gate()
        async with serving(tmp_path / "s", store=gate) as desk:
            for sent in (wire(body), wire(body)[:-5]):
                _, writer = await asyncio.open_unix_connection(tmp_path / "s")
                writer.write(sent)
                await writer.drain()
                if sent == wire(body):
                    await gate.asked.wait()
                writer.transport.abort()
            gate.open.set()
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s", limit=2**20)
            writer.write(wire(body))
            said = await answered(reader)
            writer.close()
            assert desk.shedding.limit.running == 0
            return said

    status, answer = asyncio.run(left())
    assert (status, answer["degraded"]) == (200, False)


def test_a_ranking_in_work_is_answered_before_its_connection_closes(tmp_path: Path, body: bytes) -> None:
    async def stopped() -> tuple[int, dict[str, Any]]:
        gate = Gate()
        async with serving(tmp_path / "s", store=gate):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s", limit=2**20)
            writer.write(wire(body))
            await gate.asked.wait()
            asyncio.get_running_loop().call_later(0.3, gate.open.set)
        said = await answered(reader)
        assert await reader.read() == b""
        writer.close()
        return said

    assert asyncio.run(stopped())[0] == 200


def test_a_ranking_that_fails_is_told_as_everywhere(
    tmp_path: Path, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        digest = "0" * 64

        async def read(self, listener_id: str) -> Listener:
            raise ZeroDivisionError(listener_id)

    async def failed() -> tuple[int, dict[str, Any]]:
        async with serving(tmp_path / "s", store=Broken()):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            writer.write(wire(body, b"x-request-id: mine"))
            said = await answered(reader)
            writer.close()
            return said

    status, problem = asyncio.run(failed())
    assert (status, problem["request_id"]) == (500, "mine")
    assert "never retrieved" not in caplog.text


def test_a_spent_deadline_is_answered_with_what_is_popular(tmp_path: Path, body: bytes) -> None:
    async def spent() -> tuple[int, dict[str, Any]]:
        async with serving(tmp_path / "s", store=Gate()):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            writer.write(wire(body, b"x-request-deadline-ms: 40"))
            said = await answered(reader)
            writer.close()
            return said

    status, answer = asyncio.run(spent())
    assert (status, answer["degraded_reason"]) == (200, "deadline")
