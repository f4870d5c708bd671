import os
import re
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from guardrails.adapters.service.tail import tail_of
from guardrails.model.errors import ServiceFailure
from guardrails.model.policy import Service
from guardrails.model.ports import Request
from tests.guardrails.adapters.rooms import Room, room, serving

UVICORN = ("{python}", "-m", "uvicorn", "--uds", "{socket}", "--workers", "2", "site_of_test:app")
BARE = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"hello"})
"""
LISTEN = """
import os, socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
"""


def forged_report(expression: str) -> str:
    """Return code that writes to every descriptor it was given, and hangs."""
    return f"""
import os, signal
for descriptor in range(3, 40):
    try:
        os.write(descriptor, {expression})
    except OSError:
        pass
signal.pause()
"""


def living_groups() -> set[int]:
    """Return the process groups that have a member which is not a zombie."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
            found |= {int(group)} if state != "Z" else set()
    return found


def nothing_left(made: Room) -> bool:
    """Whether every process group of the room is gone, and every folder but the checkouts."""
    groups = {process.host_pid for process in made.box.started}
    while groups & living_groups():
        os.sched_yield()
    left = [one.name for one in made.laboratory.run_folder.path.iterdir()]
    return all(name == "checkouts" or name.startswith("home-") for name in left)


def refusal(made: Room, service: Service, told: str) -> str:
    """Return why it did not start, which must be `told`; more time is given if a crowd kept it from that."""
    said = ""
    for seconds in (1.0, 4.0, 16.0, 64.0):
        with (
            pytest.raises(ServiceFailure, match="service web: it ") as failure,
            made.laboratory.serve(replace(service, start_seconds=seconds), made.tree),
        ):
            raise AssertionError("it became ready")
        said = str(failure.value)
        assert nothing_left(made)
        if re.search(told.replace("SECONDS", f"{seconds:g}"), said, re.DOTALL):
            return said
    raise AssertionError(said)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import absent_module", "did not start: import of site_of_test:app: ModuleNotFoundError"),
        ("app = 5", "is no ASGI application"),
        ("other = 5", "has no attribute 'app'"),
        ("import os; os._exit(7)", r"it ended with exit 7 before it was ready; it said nothing; see `app`"),
        (
            "import os; os.write(2, b'\\x1b[31mred password=hunter2 end'); os._exit(1)",
            r"\\x1b\[31mred password=\[hidden\] end",
        ),
        ("import sys; sys.exit('no database')", "SystemExit at site_of_test.py:1 in .*exit 1; .*no database"),
        (forged_report("b'x' * 5000 + b'\\n'"), "sent a report that is none"),
        (forged_report("b'[' * 4000 + b'\\n'"), "sent a report that is none"),
        (BARE.replace("200", "503"), "was not ready: GET /: it answers 503 within SECONDS s"),
        ("import signal; signal.pause()", "did not report that it is ready within SECONDS s"),
        (
            "async def app(scope, receive, send):\n await receive()\n"
            " await send({'type': 'lifespan.startup.failed', 'message': 'no model'})",
            "start-up: no model",
        ),
        ("import os\nif os.fork() == 0:\n  import signal; signal.pause()\nos._exit(4)", "exit 4 before it was ready"),
    ],
)  # fmt: skip
def test_a_service_that_does_not_start_says_why(tmp_path: Path, code: str, told: str) -> None:
    with room(tmp_path, {"site_of_test.py": code}) as made:
        said = refusal(made, Service("web", (".",), app="site_of_test:app", ready="/"), told)
        assert "policies/guardrails.yaml" in said


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import signal; signal.pause()", "was not ready: GET /: the connection failed: No such file"),
        (LISTEN + "time.sleep(60)", "GET /: no whole answer in time within SECONDS s"),
        (LISTEN + "while True: listener.accept()[0].sendall(b'SSH-2.0 hello\\r\\n' * 9)", "not HTTP"),
        ("import os, sys; open(sys.argv[1], 'w').close(); import signal; signal.pause()", "socket is not a socket"),
        ("raise SystemExit('cannot bind')", "exit 1 before it was ready; its last words: cannot bind; see `command`"),
    ],
)  # fmt: skip
def test_a_command_that_does_not_serve_says_why(tmp_path: Path, program: str, told: str) -> None:
    with room(tmp_path, {"program.py": program}) as made:
        command = ("{python}", "program.py", "{socket}")
        assert refusal(made, Service("web", (".",), command=command), told)


def test_a_link_in_place_of_the_socket_is_not_followed(tmp_path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as precious, room(tmp_path, {"program.py": ""}) as made:
        precious.bind(str(tmp_path / "precious"))
        precious.listen()
        precious.settimeout(0)
        program = (
            f"import os, sys, signal; os.symlink({str(tmp_path / 'precious')!r}, sys.argv[1]); signal.pause()"
        )
        service = Service("web", (".",), command=("{python}", "-c", program, "{socket}"), start_seconds=1.0)
        with pytest.raises(ServiceFailure), made.laboratory.serve(service, made.tree):
            raise AssertionError("it became ready")
        with pytest.raises(BlockingIOError):
            precious.accept()


def test_a_server_of_the_projects_own_with_workers_is_served_and_ended(tmp_path: Path) -> None:
    with room(tmp_path, {"site_of_test.py": BARE}) as made:
        service = Service("web", (".",), command=UVICORN, ready="/")
        with made.laboratory.serve(service, made.tree) as server:
            assert server.request(Request("GET", "/")).body == b"hello"
            assert server.alive()
        assert nothing_left(made)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_ends_the_judgement_ends_the_service(tmp_path: Path, error: type[BaseException]) -> None:
    with room(tmp_path, {"site_of_test.py": BARE}) as made:
        service = Service("web", (".",), app="site_of_test:app")
        with pytest.raises(error), made.laboratory.serve(service, made.tree):
            raise error
        assert nothing_left(made)


HANGING = """
import asyncio
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200})
    while scope["path"] != "/":
        body = b"x" * 70000 if scope["path"] == "/flood" else b"x"
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await asyncio.sleep(0 if scope["path"] == "/flood" else 0.01)
    await send({"type": "http.response.body"})
"""


def test_a_request_that_hangs_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardrails.adapters.service.launcher.REQUEST_SECONDS", 0.5)
    told = "service web: GET /hang: no whole answer in time; it still runs"
    with serving(tmp_path, HANGING) as (server, _), pytest.raises(ServiceFailure, match=told):
        server.request(Request("GET", "/hang"))


def test_a_request_that_floods_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardrails.adapters.service.client.ANSWER_BYTES", 1 << 20)
    with serving(tmp_path, HANGING) as (server, _):
        with pytest.raises(ServiceFailure, match="service web: GET /flood: the answer is longer than 1 MiB"):
            server.request(Request("GET", "/flood"))
        with pytest.raises(ServiceFailure, match="cannot be written as HTTP"):
            server.request(Request("GET", "/a b\r\nX: y"))
        assert server.request(Request("GET", "/")).status == 200


def test_what_cannot_be_started_is_refused(tmp_path: Path) -> None:
    with room(tmp_path, {"site_of_test.py": BARE}) as made:
        for service, told in (
            (Service("web", (), app="a:b", companions=("redis",)), "companions"),
            (Service("web", ()), "either `app` or `command`"),
            (Service("web", (), app="a:b", root="src"), "no folder 'src'"),
        ):
            with pytest.raises(ServiceFailure, match=told), made.laboratory.serve(service, made.tree):
                raise AssertionError("it became ready")


def test_a_socket_path_that_is_too_long_for_a_command_names_the_remedy(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    with room(folder, {"site_of_test.py": BARE}) as made:
        service = Service("web", (".",), app="site_of_test:app", ready="/")
        with made.laboratory.serve(service, made.tree) as server:
            assert server.request(Request("GET", "/")).body == b"hello"
        own = Service("web", (".",), command=UVICORN)
        with (
            pytest.raises(ServiceFailure, match="set TMPDIR to a shorter path"),
            made.laboratory.serve(own, made.tree),
        ):
            raise AssertionError("it became ready")


def test_a_service_finds_its_modules_and_not_ours(tmp_path: Path) -> None:
    files = {
        "src/application.py": "from serve import body\nimport exchange\nfrom document import app",
        "src/serve.py": "body = b'mine'",
        "src/exchange.py": "",
        "src/document.py": BARE.replace("hello", "theirs"),
    }
    with room(tmp_path, files) as made:
        service = Service("web", ("src",), app="application:app", root="src")
        with made.laboratory.serve(service, made.tree) as server:
            assert server.request(Request("GET", "/")).body == b"theirs"


def test_a_killed_harness_leaves_its_folder_to_the_next_run(tmp_path: Path) -> None:
    script = f"""
        import sys
        from pathlib import Path
        from tests.guardrails.adapters.rooms import serving
        with serving(Path({str(tmp_path)!r}), {BARE!r}) as (server, room):
            print(room.process.host_pid, room.laboratory.run_folder.path, flush=True)
            sys.stdin.read()
    """
    argv = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        pid, folder = child.stdout.readline().split()
        child.kill()
    os.killpg(int(pid), signal.SIGKILL)
    assert Path(folder).is_dir()
    with room(tmp_path, {}) as made:
        assert made.laboratory.run_folder.path.parent == Path(folder).parent
        assert not Path(folder).exists()


def test_the_last_words_are_bounded_printable_and_without_secrets() -> None:
    said = (
        "old\n" * 50
        + "DATABASE_URL=postgres://bob:hunter2@db/x\nAuthorization: Bearer abc.def\n"
        + "'api_key': 'k-1234'\nkey ghp_abcdefghijklmnopqrstuvwxyz0123456789\na\x00\x1b]0;title\x07b\n"
        + "x" * 5000
    )
    told = tail_of(said.encode() + b"\xff")
    assert not any(secret in told for secret in ("hunter2", "abc.def", "k-1234", "ghp_"))
    assert "\x1b" not in told and "a\\x00\\x1b]0;title\\x07b" in told
    assert len(told) < 12 * 304
