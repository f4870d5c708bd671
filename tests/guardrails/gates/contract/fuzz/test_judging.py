"""The trial on a real service: state, access, checks and kept failures, each with the least that shows it."""

from pathlib import Path

from guardrails.gates.contract.settings import Settings
from guardrails.model.evidence import Witness
from tests.guardrails.gates.contract.site import UNHURRIED_SECONDS, files, judged

CLUB = """
from typing import Annotated
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, Field

app = FastAPI()
key = APIKeyHeader(name="x-key", auto_error=False)
things: dict[str, "Thing"] = {}

class New(BaseModel):
    name: Annotated[str, Field(max_length=40)]
    colour: str = "red"

class Thing(New):
    id: str

@app.post("/things", status_code=201)
def make(new: New) -> Thing:
    made = Thing(id=f"t{len(things)}", **new.model_dump())
    things[made.id] = made
    return made

@app.get("/things/{thing_id}", responses={404: {"description": "unknown"}})
def read(thing_id: str) -> Thing:
    if thing_id not in things:
        raise HTTPException(404)
    return things[thing_id]

@app.delete("/things/{thing_id}", status_code=204, responses={404: {"description": "unknown"}})
def drop(thing_id: str) -> None:
    read(thing_id)
    del things[thing_id]

@app.get("/report", responses={401: {"description": "no key"}})
def report(given: Annotated[str | None, Depends(key)]) -> dict[str, int]:
    if given != "right":
        raise HTTPException(401)
    return {"things": len(things)}
"""
CHECKS = """
def stays_red(request, response):
    body = response["body"]
    return "it is blue" if isinstance(body, dict) and body.get("colour") == "blue" else None

CHECKS = {"POST /things": [stays_red]}
"""
TRYING = Settings(
    max_requests=120, random_examples=3, seconds=UNHURRIED_SECONDS, replays=0, headers={"x-key": "right"}
)


def found(folder: Path, *changes: tuple[str, str], **other: str) -> dict[str, str]:
    head = CLUB
    for old, new in changes:
        assert head.count(old) == 1
        head = head.replace(old, new)
    report = judged(folder, files(CLUB, **other), files(head, **other), settings=TRYING)
    return {
        one.rule: "\n".join(
            [one.message, *(part.request for part in one.evidence if isinstance(part, Witness))]
        )
        for one in report.findings
    }


def test_state_and_access_are_tried(tmp_path: Path) -> None:
    said = found(
        tmp_path,
        ("    del things[thing_id]", "    pass"),
        ('if given != "right"', "if given is None"),
        ("    things[made.id] = made", '    things[made.id if new.colour == "red" else "?"] = made'),
    )

    assert said["GR215"].startswith("GET /things/{thing_id} still serves what was deleted before")
    assert [line.split()[1:3] for line in said["GR215"].splitlines()[1:]] == [
        ["-X", "POST"],
        ["-X", "DELETE"],
        ["-X", "GET"],
    ]
    assert said["GR214"].startswith("GET /report serves a request without the credentials")
    assert "GR216" in said


def test_a_sound_change_is_not_blamed(tmp_path: Path) -> None:
    said = found(tmp_path, ('things: dict[str, "Thing"] = {}', 'things: dict[str, "Thing"] = dict()'))

    assert not {"GR210", "GR211", "GR214", "GR215", "GR216", "GR217"} & set(said)


def test_checks_of_base_and_kept_failures_are_asked(tmp_path: Path) -> None:
    kept = """
failure: a long colour
requests:
  - method: POST
    path: /things
    headers: {content-type: application/json}
    body: {name: a, colour: mauve-9}
    gives: {T0: /id}
  - {method: GET, path: /things/T0}
"""
    said = found(
        tmp_path,
        (
            "    return things[thing_id]",
            '    assert things[thing_id].colour != "mauve" + "-9"\n    return things[thing_id]',
        ),
        (
            "**new.model_dump())",
            '**{**new.model_dump(), **({"colour": "blue"} if new.name == "Alpha" else {})})',
        ),
        **{
            "contracts/shop/invariants.py": CHECKS,
            "contracts/shop/failures/colour.yaml": kept,
            "contracts/shop/failures/broken.yaml": "requests: 3",
        },
    )

    assert "AssertionError at shop/app.py in read" in said["GR210"]
    assert said["GR217"].startswith("POST /things breaks the check stays_red: it is blue")
    assert "contracts/shop/failures/broken.yaml" in said["GR218"]
