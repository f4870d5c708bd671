"""A service plays scripts: each from one state, its clock still, and whatever it does is an answer."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guardrails.adapters.laboratory import RunLaboratory
from guardrails.adapters.service import player as module
from guardrails.model.errors import ServiceFailure
from guardrails.model.policy import Service
from guardrails.model.ports import Player, Request, Response, Silence, Step, Use
from tests.guardrails.adapters.plain_box import PlainBox
from tests.repos.memory import MemoryCache, MemoryTree

SERVICE = Service("web", ("web",), app="web:app", start_seconds=60.0)
APP = """
import datetime, json, os, random, secrets, tempfile, time, uuid

made = {}
folder = tempfile.mkdtemp()
open(os.path.join(folder, "kept"), "w").write("0")

def now():
    return [time.time(), datetime.datetime.now().isoformat(), str(datetime.date.today()), time.strftime("%H:%M:%S")]

def chance():
    return [random.random(), secrets.token_hex(4), str(uuid.uuid4()), str(uuid.uuid1())]

def count():
    place = os.path.join(folder, "kept")
    number = int(open(place).read()) + 1
    open(place, "w").write(str(number))
    return [len(os.listdir(folder)), number]

async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("no lifespan")
    name, status = scope["path"].strip("/"), 200
    body = await receive()
    if name == "make":
        made["key"] = made.get("key", 0) + 1
        value = {"id": "a/b %d" % made["key"]}
    elif name == "die":
        os._exit(3)
    elif name == "hang":
        while True: pass
    elif name == "crash":
        raise ZeroDivisionError("oh")
    elif name == "flood":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 100000, "more_body": True})
    elif name == "silent":
        return
    elif name in ("now", "chance", "count"):
        value = globals()[name]()
    else:
        value = [scope["raw_path"].decode(), body["body"].decode("latin-1")]
    await send({"type": "http.response.start", "status": status, "headers": [(b"X-A", b"b")]})
    await send({"type": "http.response.body", "body": json.dumps(value).encode()})
"""


@contextmanager
def playing(folder: Path, app: str = APP, service: Service = SERVICE) -> Iterator[Player]:
    tree = MemoryTree({"web.py": textwrap.dedent(app)})
    box = PlainBox()
    made = RunLaboratory(folder, tree, lambda: box, MemoryCache(), folder / "cache")
    with made, made.player(service, tree) as player:
        yield player


def get(*paths: str) -> list[Step]:
    return [Step(Request("GET", path)) for path in paths]


def bodies(answers: object) -> list[bytes | str]:
    assert isinstance(answers, list)
    return [one.body if isinstance(one, Response) else one.reason for one in answers]


def test_clock_randomness_and_ids_stand_still_for_each_step(tmp_path: Path) -> None:
    with playing(tmp_path) as player:
        steps = get("/now", "/chance", "/now")
        first, second = (bodies(player.play(steps, independent=True)) for _ in range(2))
        other = bodies(player.play(steps, independent=True, entropy=1))

    assert first == second
    assert first[0] != first[2]
    assert (other[0], other[2]) == (first[0], first[2])
    assert other[1] != first[1]
    assert first[0] == b'[1767225601.25, "2026-01-01T00:00:01.250000", "2026-01-01", "00:00:01"]'


def test_each_script_meets_the_same_state_of_memory_and_files(tmp_path: Path) -> None:
    with playing(tmp_path) as player:
        runs = [bodies(player.play(get("/count", "/make", "/count"), independent=False)) for _ in range(2)]

    assert runs[0] == runs[1] == [b"[1, 1]", b'{"id": "a/b 1"}', b"[1, 2]"]


def test_a_step_uses_what_an_earlier_one_answered(tmp_path: Path) -> None:
    use = Use("MARK", 0, "/id")
    steps = [*get("/make"), Step(Request("POST", "/echo/MARK?q=MARK", (), b'{"of":"MARK"}'), (use,))]
    with playing(tmp_path) as player:
        answers = bodies(player.play(steps, independent=False))

    assert answers[1] == b'["/echo/a%2Fb%201", "{\\"of\\":\\"a/b 1\\"}"]'


def test_death_crash_silence_and_endless_answers_are_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_SECONDS", 1.0)
    with playing(tmp_path) as player:
        answers = player.play(get("/die", "/crash", "/flood", "/silent", "/hang", "/x"), independent=True)
        after = player.play(get("/die", "/x"), independent=False)

    assert [type(one) for one in answers] == [Silence, Response, Response, Silence, Silence, Response]
    crash, flood = answers[1], answers[2]
    assert isinstance(crash, Response)
    assert isinstance(flood, Response)
    assert crash.headers == (("x-guardrails-crash", "ZeroDivisionError at web.py:33 in app"),)
    assert "TooLong" in dict(flood.headers)["x-guardrails-crash"]
    assert answers[4] == Silence("gave no answer in time")
    assert after == [Silence("died"), Silence("not asked after that")]


def test_threads_that_start_at_import_run_in_every_script(tmp_path: Path) -> None:
    app = (
        APP
        + "\nimport threading\nbell = threading.Event()\nthreading.Thread(target=bell.wait, daemon=True).start()\n"
    )
    with playing(tmp_path, app) as player:
        assert bodies(player.play(get("/count", "/count"), independent=False)) == [b"[1, 1]", b"[1, 2]"]


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        ("raise KeyError('gone')", "KeyError"),
        ("app = 3", "no ASGI application"),
        ("import os; os._exit(1)", "it ended"),
    ],
)
def test_an_application_that_cannot_be_loaded_says_why(tmp_path: Path, app: str, reason: str) -> None:
    with playing(tmp_path, app) as player, pytest.raises(ServiceFailure, match=reason):
        player.play(get("/"), independent=True)


def test_an_application_that_hangs_at_import_is_given_up(tmp_path: Path) -> None:
    service = Service("web", ("web",), app="web:app", start_seconds=1.0)
    with (
        playing(tmp_path, "while True: pass", service) as player,
        pytest.raises(ServiceFailure, match="it says nothing in time"),
    ):
        player.play(get("/"), independent=True)
