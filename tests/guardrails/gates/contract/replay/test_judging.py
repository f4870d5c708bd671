"""Replays on a real service: what only asking both sides shows, and silence where there is nothing."""

from pathlib import Path

import pytest

from guardrails.gates.contract.replay.playing import Side
from guardrails.gates.contract.settings import Ignore, Settings
from guardrails.model.evidence import Witness
from guardrails.model.ports import Player
from guardrails.model.rule import Report
from tests.guardrails.gates.contract.site import files, judged

SHOP = """
import uuid
from fastapi import FastAPI, Response
from pydantic import BaseModel

app = FastAPI()
things: dict[str, dict[str, object]] = {}

class Thing(BaseModel):
    name: str
    secret_token: str = "s3cret"

@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok", "run": str(uuid.uuid4())}

@app.post("/things")
def make(thing: Thing) -> dict[str, object]:
    made = {"id": str(uuid.uuid4()), "name": thing.name, "secret_token": thing.secret_token}
    things[str(made["id"])] = made
    return made

@app.get("/things")
def listed(response: Response) -> list[str]:
    response.headers["x-total"] = str(len(things))
    return sorted(str(one["name"]) for one in things.values())

@app.delete("/things/{thing_id}")
def drop(thing_id: str) -> bool:
    return things.pop(thing_id, None) is not None
"""
AFAR = " to a client of another address, asked months later"
QUICK = Settings(max_requests=0, replays=80)


def replayed(folder: Path, old: str, new: str, settings: Settings = QUICK) -> Report:
    assert SHOP.count(old) == 1
    return judged(folder, files(SHOP), files(SHOP.replace(old, new)), settings=settings)


def messages(report: Report) -> list[str]:
    return [one.message for one in report.findings if one.rule in {"GR220", "GR221"}]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("return sorted(", "return list(", "GET /things answers in another order"),
        (
            '    response.headers["x-total"] = str(len(things))\\n',
            "",
            "GET /things answers with another header x-total",
        ),
        (
            "things.pop(thing_id, None)",
            "things.get(thing_id)",
            "DELETE /things/{thing_id} answers with another value",
        ),
        ('"status": "ok"', '"state": "ok"', "GET /health does not answer with /status any more"),
    ],
)
def test_what_no_document_tells_is_found(tmp_path: Path, old: str, new: str, message: str) -> None:
    report = replayed(tmp_path, old.replace("\\n", "\n"), new)

    assert message in messages(report)
    assert {one.effect.value for one in report.findings if one.rule == "GR220"} == {"review"}


def test_the_witness_is_short_and_holds_no_secret(tmp_path: Path) -> None:
    report = replayed(tmp_path, '"name": thing.name,', '"name": thing.name.upper(),')

    one = next(
        one for one in report.findings if one.message == "POST /things answers with another value at /name"
    )
    (witness,) = one.evidence
    assert isinstance(witness, Witness)
    assert witness.request.count("curl") == 1
    assert "secret_token" in witness.base
    assert "s3cret" not in repr(witness)


def test_a_change_that_shows_nowhere_is_silent(tmp_path: Path) -> None:
    report = replayed(
        tmp_path,
        'return {"status": "ok", "run": str(uuid.uuid4())}',
        'made = uuid.uuid4()\n    return {"status": "ok", "run": str(made)}',
    )

    assert messages(report) == []
    assert any("1 of 4 operations replayed" in fact for fact in report.facts)


def test_where_nothing_differs_base_is_not_asked_what_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[int] = []
    load = Side.load

    def noted(side: Side, hash_seed: int = 0) -> Player:
        loaded.append(hash_seed)
        return load(side, hash_seed)

    monkeypatch.setattr(Side, "load", noted)
    replayed(tmp_path, "    made = {", "    given = thing\n    made = {")

    assert set(loaded) == {0}


@pytest.mark.parametrize(
    ("condition", "told", "asked"),
    [
        ('"Mozilla" in request.headers["user-agent"]', "", "-H 'user-agent: Mozilla/"),
        ('request.client.host != "127.0.0.1"', AFAR, ""),
        ("time.gmtime().tm_mon > 3", AFAR, ""),
    ],
)
def test_who_asks_and_when_hides_no_change(tmp_path: Path, condition: str, told: str, asked: str) -> None:
    base = SHOP.replace("import FastAPI, Response", "import FastAPI, Request, Response").replace(
        "import uuid", "import time, uuid"
    )
    base = base.replace("health() ->", "health(request: Request) ->")
    head = base.replace('"status": "ok"', f'"status": "fine" if {condition} else "ok"')
    settings = Settings(max_requests=0, replays=160)

    (one,) = judged(tmp_path, files(base), files(head), settings=settings).findings

    (witness,) = one.evidence
    assert isinstance(witness, Witness)
    assert one.message == f"GET /health answers with another value at /status{told}"
    assert asked in witness.request


def test_more_randomness_used_is_no_difference(tmp_path: Path) -> None:
    report = replayed(tmp_path, "    made = {", "    uuid.uuid4()\n    made = {")

    assert messages(report) == []


def test_policy_leaves_out_places_with_a_reason(tmp_path: Path) -> None:
    ignoring = Settings(max_requests=0, replays=80, ignore=(Ignore("/status", "read by nobody"),))

    assert messages(replayed(tmp_path, '"status": "ok"', '"status": "OK"', ignoring)) == []


def test_a_head_that_dies_or_hangs_is_found_at_the_request(tmp_path: Path) -> None:
    report = replayed(tmp_path, "    return things.pop", "    import os; os._exit(1)\n    return things.pop")

    assert messages(report) == ["DELETE /things/{thing_id} died, where base 200"]


def test_an_application_that_cannot_be_forked_into_life_is_named(tmp_path: Path) -> None:
    head = SHOP + "\nimport sys\nif sys.argv[0].endswith('/play.py'): raise ValueError('not in a play')\n"
    report = judged(tmp_path, files(SHOP), files(head), settings=QUICK)

    (message,) = messages(report)
    assert message.startswith("shop cannot be played: service shop: it was not loaded")
    assert "ValueError" in message
