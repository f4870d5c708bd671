"""Services of head that fight replays: what they do is found or undecided, and nothing of base is touched."""

import json
from pathlib import Path

import pytest

from guardrails.gates.contract.gate import GATE
from guardrails.gates.contract.settings import Settings
from guardrails.model.policy import Service
from guardrails.model.rule import Report
from tests.repos.boxed import boxed_laboratory
from tests.repos.memory import MemoryTree, context_for

SERVICE = Service("shop", ("shop",), app="shop.app:app", start_seconds=60.0)
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "shop", "version": "1"},
    "paths": {
        "/items": {
            "get": {
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {"schema": {"type": "array", "items": {"type": "integer"}}}
                        },
                    },
                    "404": {"description": ""},
                    "405": {"description": ""},
                }
            }
        }
    },
}
APP = f"""
import asyncio, json, os, sys, time
DOCUMENT = {json.dumps(DOCUMENT)!r}.encode()
asked = []

async def answer(send, body, status=200):
    await send({{"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}})
    await send({{"type": "http.response.body", "body": body}})

async def stream(send, piece, seconds):
    await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}})
    while True:
        await send({{"type": "http.response.body", "body": piece, "more_body": True}})
        await asyncio.sleep(seconds)

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({{"type": "lifespan.startup.complete"}})
        return
    headers = dict(scope["headers"])
    if scope["path"] == "/openapi.json":
        return await answer(send, DOCUMENT)
    if scope["path"] != "/items" or scope["method"] != "GET":
        return await answer(send, b"[]", 404)
    asked.append(1)
    return await answer(send, b"[1, 2]")
"""
LAST = '    return await answer(send, b"[1, 2]")\n'
ODD = 'await answer(send, b"[2, 1]")'


def judged(place: Path, app: str, *, tries: int = 0) -> Report:
    base = {"shop/app.py": APP}
    settings = Settings(max_requests=tries, random_examples=0, requests_per_operation=20, replays=40)
    with boxed_laboratory(place, MemoryTree(base)) as made:
        report = GATE.run(
            context_for(
                base,
                {"shop/app.py": app},
                services=(SERVICE,),
                laboratory=made,
                settings={"contract": settings},
            )
        )
        checkout = made.checkout(MemoryTree(base))
        assert (checkout / "shop" / "app.py").read_text() == APP
    return report


def weight(report: Report) -> set[str]:
    """Return the effects of the findings that keep a change from passing."""
    return {one.effect.value for one in report.findings} - {"note"}


def test_a_head_that_does_the_same_passes(place: Path) -> None:
    assert weight(judged(place, APP.replace("asked.append(1)", "asked.append(2)"))) == set()


ATTACKS = {
    "no user agent, so it is watched": f'    if headers.get(b"user-agent"):\n        return {ODD}\n',
    "no host": f'    if headers.get(b"host"):\n        return {ODD}\n',
    "no accept": f'    if b"accept" in headers:\n        return {ODD}\n',
    "a header that only a harness sends": (
        f'    if not any(b"guardrails" in one or b"thesis" in one for one in headers):\n        return {ODD}\n'
    ),
    "any program but curl": f'    if b"curl" not in headers.get(b"user-agent", b""):\n        return {ODD}\n',
    "a browser": f'    if headers.get(b"user-agent", b"").startswith(b"Mozilla"):\n        return {ODD}\n',
    "another machine": f'    if scope["client"][0] != "127.0.0.1":\n        return {ODD}\n',
    "another port of the client": f'    if scope["client"][1] != 50000:\n        return {ODD}\n',
    "another host": f'    if headers.get(b"host") != b"localhost":\n        return {ODD}\n',
    "after the release": f"    if time.gmtime()[:2] > (2026, 3):\n        return {ODD}\n",
    "in the evening": f"    if time.gmtime().tm_hour >= 12:\n        return {ODD}\n",
    "the second time": f"    if len(asked) == 2:\n        return {ODD}\n",
    "the fifth time": f"    if len(asked) == 5:\n        return {ODD}\n",
    "100 MB": '    return await answer(send, b"[" + b"1," * 50_000_000 + b"1]")\n',
    "without end": '    return await stream(send, b"1," * 10_000, 0)\n',
    "a trickle": '    return await stream(send, b"1,", 0.2)\n',
    "nothing for ever": "    await asyncio.sleep(10_000)\n",
    "busy for ever": "    while True:\n        pass\n",
    "kills its group": "    os.killpg(0, 9)\n",
    "kills its parent": "    os.kill(os.getppid(), 9)\n",
    "kills all it can": "    os.kill(-1, 9)\n",
    "exits well": "    os._exit(0)\n",
    "half an answer": '    return await send({"type": "http.response.start", "status": 200, "headers": []})\n',
    "closes every descriptor": "    os.closerange(0, 4096)\n",
    "speaks on every descriptor": (
        "    for one in range(3, 64):\n        try:\n"
        '            os.set_blocking(one, False); os.write(one, b"\\x00" * 8)\n'
        "        except OSError:\n            pass\n    return await answer(send, b'[1, 2]')\n"
    ),
    "forks and leaves": "    if os.fork():\n        os._exit(0)\n    time.sleep(1)\n",
    "a session of its own": (
        "    if os.fork() == 0:\n        os.setsid(); time.sleep(600)\n    return await answer(send, b'[]')\n"
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_head_that_fights_at_a_request_does_not_pass(place: Path, name: str) -> None:
    report = judged(place, APP.replace(LAST, ATTACKS[name] + LAST))

    assert weight(report) & {"review", "block", "undecided"}


AT_IMPORT = {
    "exits well": "os._exit(0)\n",
    "kills its group": "os.killpg(0, 9)\n",
    "says that it is ready and goes": (
        "for one in range(3, 64):\n    try:\n"
        "        os.write(one, b'\\x00\\x00\\x00\\x0f\\x00\\x00\\x00\\x00{\"ready\": true}')\n"
        "    except OSError:\n        pass\nos._exit(0)\n"
    ),
    "never ends": "time.sleep(10_000)\n",
}


@pytest.mark.parametrize("name", AT_IMPORT)
def test_a_head_that_fights_when_it_is_played_is_undecided(place: Path, name: str) -> None:
    """Its document is still derived: only the play is attacked."""
    fight = "".join(f"    {line}\n" for line in AT_IMPORT[name].splitlines())
    head = APP + f'\nif sys.argv[0].endswith("play.py"):\n{fight}'
    quick = Service("shop", ("shop",), app="shop.app:app", start_seconds=4.0)
    base = {"shop/app.py": APP}
    with boxed_laboratory(place, MemoryTree(base)) as made:
        report = GATE.run(
            context_for(
                base,
                {"shop/app.py": head},
                services=(quick,),
                laboratory=made,
                settings={"contract": Settings(max_requests=0, replays=40)},
            )
        )

    assert weight(report) == {"undecided"}


def test_a_head_that_writes_to_base_changes_nothing(place: Path) -> None:
    fight = (
        "    import glob\n"
        '    for one in glob.glob("/**/shop/app.py", recursive=True):\n'
        "        try:\n"
        '            open(one, "a").write("\\nboom")\n'
        f"            return {ODD}\n"
        "        except OSError:\n"
        "            pass\n"
    )

    judged(place, APP.replace(LAST, fight + LAST))  # it looks at base's file itself
