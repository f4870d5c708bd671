"""A hostile client, with room for it and without: an exact error or a valid answer, never a 500, nobody else harmed."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.now_playing.invariants import CLOCK, INVARIANTS
from contracts.now_playing.record import catalogue_text
from reference_service.api.problems import Problem
from reference_service.api.requests import UpNextRequest
from reference_service.api.responses import RankingAnswer
from reference_service.settings import Settings
from tests.reference_service.api.test_desk import answered, serving, wire

FACTS: dict[str, Any] = json.loads(catalogue_text())
MANY = [name for name, facts in FACTS.items() if facts["kind"] in {"track", "episode"}][:500]
LISTENER: dict[str, Any] = {
    "listener_id": "listener-0001",
    "market": "GB",
    "product_tier": "free",
    "explicit_allowed": False,
    "age_band": "teen",
    "hour_local": 8,
    "device": "car",
    "now_playing": MANY[3],
    "recently_played": MANY[5:12],
    "dismissals": [FACTS[MANY[20]]["artist"], MANY[21]],
}
GOOD = {"context": LISTENER, "candidates": [{"id": name, "source": "radio"} for name in MANY], "limit": 10}
TEXT = json.dumps(GOOD, separators=(",", ":"))
LAST = f'{{"id":"{MANY[-1]}","source":"radio"}}]'


def late(text: str) -> bytes:
    """Return the good body with its last candidate replaced, which nobody looks at who has no time."""
    assert LAST in TEXT
    return TEXT.replace(LAST, text + "]").encode("utf-8", "surrogatepass")


def context(**odd: object) -> bytes:
    return json.dumps({**GOOD, "context": {**LISTENER, **odd}}, separators=(",", ":")).encode()


def candidates(some: Sequence[object], **more: object) -> bytes:
    return json.dumps({**GOOD, "candidates": some, **more}).encode()


BODIES: Mapping[str, bytes] = {
    "as it should be": TEXT.encode(),
    "spaced": json.dumps(GOOD).encode(),
    "indented": json.dumps(GOOD, indent=2).encode(),
    "a late number": late("7"),
    "a late unknown field": late('{"id":"track-0001","x":1}'),
    "a late id that is none": late('{"id":"a b"}'),
    "a late id that closes": late('{"id":"]}"}'),
    "a late source that is none": late('{"id":"track-0001","source":"luck"}'),
    "a late missing brace": late('{"id":"track-0001"'),
    "a late nesting": late("[" * 100),
    "a late NaN": late("NaN"),
    "a late surrogate": late('{"id":"\ud800"}'),
    "late bytes that are no text": TEXT.encode().replace(LAST.encode(), b'{"id":"\xff"}]'),
    "something after the end": TEXT.encode() + b"x",
    "a mark before the start": b"\xef\xbb\xbf" + TEXT.encode(),
    "cut in the middle": TEXT.encode()[:-3],
    "the same candidate 500 times": candidates([{"id": MANY[0]}] * 500),
    "every candidate twice": candidates([{"id": name} for name in MANY[:250] * 2]),
    "501 candidates": candidates([{"id": name} for name in [*MANY, MANY[0]]]),
    "none": candidates([]),
    "unknown ones": candidates([{"id": f"ghost-{number}"} for number in range(500)]),
    "unknown ones first": candidates(
        [{"id": f"ghost-{number}"} for number in range(200)] + [{"id": MANY[0]}]
    ),
    "an id of 65": candidates([{"id": "x" * 65}] * 300),
    "a foreign market": context(market="AQ"),
    "no market": context(market="gb"),
    "a market with a line feed": context(market="GB\n"),
    "not a number": TEXT.encode().replace(b'"hour_local":8', b'"hour_local":NaN'),
    "infinite": TEXT.encode().replace(b'"hour_local":8', b'"hour_local":1e999'),
    "a number of a thousand digits": TEXT.encode().replace(
        b'"hour_local":8', b'"hour_local":' + b"9" * 1_000
    ),
    "a number that is a text": context(hour_local="8"),
    "a whole number with a fraction": context(hour_local=8.0),
    "a flag that is a number": context(explicit_allowed=0),
    "a listener of odd letters": context(listener_id="л"),
    "a thousand dismissals": context(dismissals=["x"] * 1_000),
    "pins for one slot": context(pins=[{"slot": 1, "id": MANY[0]}, {"slot": 1, "id": MANY[1]}]),
    "a pin of nothing": context(pins=[{"slot": 0, "id": MANY[0]}]),
    "a field of its own": context(password="x"),
    "two lists": TEXT.encode()[:-1] + b',"candidates":[{"id":"track-0001"}]}',
    "two lists, one in disguise": TEXT.encode()[:-1] + b',"\\u0063andidates":[{"id":"track-0001"}]}',
    "a limit beyond": candidates([{"id": MANY[0]}], limit=101),
    "an empty body": b"",
    "a list": b"[]",
    "deep": b"[" * 200_000,
    "long": b" " * 300_000,
}
HEADERS: Mapping[str, tuple[bytes, ...]] = {
    "no deadline": (b"x-request-deadline-ms: ",),
    "a deadline of nothing": (b"x-request-deadline-ms: 0",),
    "a deadline below nothing": (b"x-request-deadline-ms: -5",),
    "a deadline too far": (b"x-request-deadline-ms: 60001",),
    "a deadline in words": (b"x-request-deadline-ms: 1e3",),
    "a deadline in other digits": ("x-request-deadline-ms: ٣".encode(),),
    "two deadlines": (b"x-request-deadline-ms: 900", b"X-Request-Deadline-Ms: 1"),
    "an id that is none": (b"x-request-id: a b\t<script>",),
    "a long id": (b"x-request-id: " + b"x" * 65,),
}


def is_valid(body: bytes) -> bool:
    try:
        UpNextRequest.model_validate(json.loads(body))
    except (ValueError, RecursionError):
        return False
    return True


async def ask_all(
    path: Path, every: Mapping[str, bytes], room: int | None
) -> dict[str, tuple[int, dict[str, Any]]]:
    """Return the answer to each of these, given that a good client is served before and after each."""
    said = {}
    settings = Settings(clock=datetime.fromisoformat(CLOCK))
    async with serving(path, room=room, settings=settings):
        kept, other = await asyncio.open_unix_connection(path, limit=2**20)
        for name, sent in every.items():
            reader, writer = await asyncio.open_unix_connection(path, limit=2**20)
            writer.write(sent)
            said[name] = await answered(reader)
            writer.close()
            other.write(wire(TEXT.encode()))
            assert (await answered(kept))[0] == 200, f"after {name}"
        other.close()
    return said


@pytest.mark.parametrize("room", [0, None])
def test_a_body_is_refused_exactly_or_answered_validly(tmp_path: Path, room: int | None) -> None:
    every = {name: wire(body) for name, body in BODIES.items()}
    for name, (status, said) in asyncio.run(ask_all(tmp_path / "s", every, room)).items():
        body = BODIES[name]
        if status != 200:
            Problem.model_validate(said)
            assert not is_valid(body) or (room == 0 and status == 503), name
            assert status in ({503, 413} if room == 0 else {400, 413, 422}), name
            continue
        answer = RankingAnswer.model_validate(said)
        assert answer.degraded == (room == 0), name
        if is_valid(body):
            request = {"operation": "POST /v1/now-playing/up-next:rank", "body": json.loads(body)}
            faults = {law: holds(request, said, FACTS) for law, holds in INVARIANTS.items()}
            assert {law for law, fault in faults.items() if fault is not None} == set(), name
        else:
            assert answer.degraded, name
            assert {item.id for item in answer.items} <= {*MANY} - {*MANY[5:12], MANY[3], MANY[21]}, name


@pytest.mark.parametrize("room", [0, None])
def test_odd_headers_are_refused_or_do_not_count(tmp_path: Path, room: int | None) -> None:
    every = {name: wire(TEXT.encode(), *fields) for name, fields in HEADERS.items()}
    for name, (status, said) in asyncio.run(ask_all(tmp_path / "s", every, room)).items():
        assert status == (422 if "deadline" in name else 200), name
        assert len(said["request_id"]) == 32, name
