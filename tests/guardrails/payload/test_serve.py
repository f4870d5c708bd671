import json
import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

from guardrails.model.errors import ServiceFailure
from guardrails.model.policy import EnvironmentSource, Service
from guardrails.model.ports import Request
from tests.guardrails.adapters.rooms import Room, room, serving

APP = """
import asyncio, contextvars, json, os
seen = contextvars.ContextVar("seen", default="")
events = []

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            events.append(kind)
            if kind == "lifespan.shutdown":
                open(os.environ["HOME"] + "/stopped", "w").close()
            else:
                scope["state"]["born"] = "yes"
            await send({"type": kind + ".complete"})
            if kind == "lifespan.shutdown":
                return
    path = scope["path"]
    if path == "/exit":
        os._exit(3)
    if path == "/silent":
        return
    if path == "/wait-for-leave":
        await receive()
        while (await receive())["type"] != "http.disconnect":
            pass
        events.append("left")
        return
    status = int(path[1:]) if path[1:].isdigit() else 200
    headers = []
    if path == "/short" or path == "/long":
        headers.append((b"content-length", b"10" if path == "/short" else b"1"))
    if path == "/header":
        headers.append((b"a", b"b\\r\\nc: d"))
    if path == "/close":
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if path == "/late-crash":
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("late")
    if path == "/500-crash":
        pass
    if path == "/stream":
        for part in (b"one", b"", b"two"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})
        return
    body = (await receive())["body"]
    before = seen.get()
    seen.set("set")
    answer = {"body": body.decode(), "seen": before, "state": scope["state"], "path": path,
              "query": scope["query_string"].decode(), "events": events, "client": scope["client"],
              "environment": dict(os.environ), "method": scope["method"]}
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
    if status == 500:
        raise ExceptionGroup("several", [KeyError("deep")]) if path == "/500" else ValueError
"""


def talk(room: Room, *messages: bytes, half_close: bool = True) -> bytes:
    answer = b""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(20)
        link.connect(str(room.socket))
        for message in messages:
            link.sendall(message)
        if half_close:
            link.shutdown(socket.SHUT_WR)
        while piece := link.recv(65536):
            answer += piece
    return answer


def test_an_application_is_served_as_asgi_says(tmp_path: Path) -> None:
    with serving(tmp_path, APP) as (server, _):
        first = json.loads(server.request(Request("GET", "/a%20b?c=%20d")).body)
        second = server.request(Request("POST", "/x", (("X-Y", "z"),), b"body"))
        head = server.request(Request("HEAD", "/x"))
        stream = server.request(Request("GET", "/stream"))
        empty = server.request(Request("GET", "/204"))
        after = server.request(Request("GET", "/x"))
    assert (first["path"], first["query"], first["method"]) == ("/a b", "c=%20d", "GET")
    assert first["state"] == {"born": "yes"}
    assert (json.loads(second.body)["body"], json.loads(second.body)["seen"]) == ("body", "")
    assert (head.status, head.body) == (200, b"")
    assert int(dict(head.headers)["content-length"]) > 0
    assert (stream.body, dict(stream.headers)["transfer-encoding"]) == (b"onetwo", "chunked")
    assert (empty.status, empty.body, empty.headers) == (204, b"", ())
    assert after.status == 200


def test_the_environment_is_only_what_policy_and_caller_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    with serving(tmp_path, APP, variables={"COLOUR": "red", "PYTHONHASHSEED": "5"}) as (server, _):
        seen = json.loads(server.request(Request("GET", "/")).body)["environment"]
    assert "SECRET_TOKEN" not in seen
    assert (seen["COLOUR"], seen["PYTHONHASHSEED"], seen["PYTHONDONTWRITEBYTECODE"]) == ("red", "5", "1")


def test_a_crash_is_an_answer_that_names_it(tmp_path: Path) -> None:
    with serving(tmp_path, APP) as (server, _):
        crashes = {
            path: dict(server.request(Request("GET", path)).headers).get("x-guardrails-crash")
            for path in ("/silent", "/header", "/500", "/404")
        }
        for path in ("/late-crash", "/short", "/long"):
            with pytest.raises(ServiceFailure, match=f"GET {path}: .*it still runs"):
                server.request(Request("GET", path))
        assert server.request(Request("GET", "/")).status == 200
    assert crashes["/silent"] == "the application returned without a whole response"
    assert str(crashes["/header"]).startswith("ValueError at ")
    assert str(crashes["/500"]).startswith("KeyError")
    assert crashes["/404"] is None


def test_bad_and_odd_clients_are_answered(tmp_path: Path) -> None:
    with serving(tmp_path, APP) as (server, room):
        assert talk(room, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        assert talk(room, b"GET / HTTP/1.0\r\n\r\n", half_close=False).startswith(b"HTTP/1.1 200 OK")
        get = b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
        assert talk(room, get * 3).count(b"HTTP/1.1 200 OK") == 3
        closing = talk(room, get.replace(b"/x", b"/close"), half_close=False)
        assert closing.count(b"onnection: close") == 1
        expecting = b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        assert talk(room, expecting, b"hi").startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
        leaving = socket.socket(socket.AF_UNIX)
        leaving.connect(str(room.socket))
        leaving.sendall(get.replace(b"/x", b"/wait-for-leave"))
        leaving.close()
        events: list[str] = []
        while "left" not in events:
            events = json.loads(server.request(Request("GET", "/")).body)["events"]


def test_a_client_that_reads_slowly_does_not_fill_the_memory(tmp_path: Path) -> None:
    code = """
sent = 0
async def app(scope, receive, send):
    global sent
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200})
    if scope["path"] == "/flood":
        for _ in range(2000):
            sent += 1
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
    await send({"type": "http.response.body", "body": b"%d" % sent})
"""
    with serving(tmp_path, code) as (server, room), socket.socket(socket.AF_UNIX) as link:
        link.connect(str(room.socket))
        link.sendall(b"GET /flood HTTP/1.1\r\nHost: h\r\n\r\n")
        link.recv(10)
        assert int(server.request(Request("GET", "/")).body) < 100


def test_sigterm_lets_the_application_shut_down(tmp_path: Path) -> None:
    with serving(tmp_path, APP) as (server, room):
        server.request(Request("GET", "/"))
        os.kill(room.process.host_pid, signal.SIGTERM)
        assert room.process.process.wait(120) == 0
        assert (room.socket.parent / "stopped").exists()
        with pytest.raises(ServiceFailure, match="it ended with exit 0"):
            server.request(Request("GET", "/"))


def test_a_frameworks_own_500_still_names_the_crash(tmp_path: Path) -> None:
    code = """
from starlette.applications import Starlette
from starlette.routing import Route
def boom(request):
    raise LookupError("x\\r\\ny")
app = Starlette(routes=[Route("/boom", boom)])
"""
    with serving(tmp_path, code, ready="") as (server, _):
        answer = server.request(Request("GET", "/boom"))
    assert answer.body == b"Internal Server Error"
    assert dict(answer.headers)["x-guardrails-crash"] == "LookupError at site_of_test.py:5 in boom"


def python_of(minor: int) -> Path:
    """Return a Python 3 of that minor version on this machine; skips the test where there is none."""
    builds = sorted((Path.home() / ".pyenv" / "versions").glob(f"3.{minor}.*/bin/python"))
    found = shutil.which(f"python3.{minor}", path="/usr/local/bin:/usr/bin")
    if found is None and not builds:
        pytest.skip(f"Python 3.{minor} is not installed")
    return builds[0] if builds else Path(str(found))


@pytest.mark.parametrize("minor", [9, 10, 11, 12, 13])
def test_every_supported_python_serves(tmp_path: Path, minor: int) -> None:
    python = EnvironmentSource(python=str(python_of(minor)))
    service = Service("web", (".",), app="web:app", ready="/", environment=python)
    code = APP.replace("async def app", "import sys\nasync def app").replace(
        '"method":', '"minor": sys.version_info[1], "method":'
    )
    with room(tmp_path, {"web.py": code}) as made:
        with made.laboratory.serve(service, made.tree) as server:
            answer = server.request(Request("POST", "/", (), b"x" * 300_000))
            assert json.loads(answer.body)["minor"] == minor
            assert dict(server.request(Request("GET", "/silent")).headers)["x-guardrails-crash"]
            os.kill(made.process.host_pid, signal.SIGTERM)
            assert made.process.process.wait(120) == 0
        with pytest.raises(ServiceFailure, match="it is no OpenAPI document"):
            made.laboratory.document(service, made.tree)
