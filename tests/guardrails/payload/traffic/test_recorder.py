"""Requests are recorded without one secret that was sent, and the service never notices."""

import asyncio
import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from guardrails.analysis.replay.stored import stored_in
from guardrails.payload.traffic.recorder import Message, Receive, Recorder, Send
from tests.repos.memory import MemoryTree

SECRETS = [
    "ada.lovelace@example.com",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "sk-live-4eC39HqLyjWDarjtT1zdp7dc",
    "4111 1111 1111 1111",
    "DE89370400440532013000",
    "+44 20 7946 0958",
    "203.0.113.77",
    "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "Bearer abc.def-ghi",
]
WORDS = [
    "hunter2-in-password",
    "Lovelace-the-name",
    "little-cookie",
    "my-own-field-value",
    "raw-binary-secret",
]


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def ask(recorder: Recorder, path: str, query: str = "", body: bytes = b"", **headers: str) -> bytes:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    parts = [body[:10], body[10:]]
    answered: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Message) -> None:
        answered.append(message.get("body", b""))

    asyncio.run(recorder(scope, receive, send))
    return b"".join(answered)


def send_everything(recorder: Recorder) -> None:
    fields = {
        "password": WORDS[0],
        "last_name": WORDS[1],
        "session": {"id": WORDS[2]},
        "mine": WORDS[3],
        "note": "kept",
    }
    for secret in SECRETS:
        ask(recorder, f"/of/{quote(secret, safe='')}", f"q={quote(secret)}&token={WORDS[0]}&page=2")
        body = json.dumps(
            {**fields, "text": f"so {secret}, yes", "deep": [{"a": secret, secret: 1}]}
        ).encode()
        ask(
            recorder,
            "/json",
            "",
            body,
            content_type="application/json",
            authorization=secret,
            x_custom=secret,
        )
        form = f"a={quote(secret)}&password={WORDS[0]}".encode()
        ask(
            recorder,
            "/form",
            "",
            form,
            content_type="application/x-www-form-urlencoded",
            cookie=f"s={WORDS[2]}",
        )
        ask(recorder, "/raw", "", f"{secret} {WORDS[4]}".encode(), content_type="text/plain")
        ask(recorder, "/bad", "", b"{" + secret.encode(), content_type="application/json")
    recorder.close()


@pytest.mark.parametrize("name", ["traffic.ndjson", "traffic.har"])
def test_no_secret_that_was_sent_is_in_the_file(tmp_path: Path, name: str) -> None:
    from guardrails.payload.traffic.redaction import Redaction

    recorder = Recorder(echo, str(tmp_path / name), redaction=Redaction(names=["^mine$"]), per_second=10_000)
    send_everything(recorder)

    text = (tmp_path / name).read_text()
    for secret in [*SECRETS, *WORDS]:
        escaped = json.dumps(secret)[1:-1]
        for form in (
            secret,
            quote(secret),
            quote(secret, safe=""),
            escaped,
            base64.b64encode(secret.encode()).decode(),
        ):
            assert form not in text
    assert recorder.dropped == 0
    assert text.count('\\"note\\": \\"kept\\"') == len(SECRETS)
    good, bad = stored_in(MemoryTree({f"t/{name}": text}), "t")
    assert bad == []
    assert len(good[0].steps) == 5 * len(SECRETS)
    assert "page=2" in good[0].steps[0].request.path


def test_the_service_answers_as_before_whatever_becomes_of_the_record(tmp_path: Path) -> None:
    lost = Recorder(echo, str(tmp_path / "no" / "such" / "folder"))
    small = Recorder(echo, str(tmp_path / "small.ndjson"), bytes_in_all=400, per_second=10_000)
    slow = Recorder(echo, str(tmp_path / "slow.ndjson"), per_second=3)
    short = Recorder(echo, str(tmp_path / "short.ndjson"), body_bytes=20)

    for recorder in (lost, small, slow, short):
        for _ in range(20):
            assert (
                ask(
                    recorder, "/a", "", b'{"a": "' + b"x" * 60 + b'"}', content_type="application/json"
                ).count(b"x")
                == 60
            )
        recorder.close()

    assert lost.dropped == 20
    assert (tmp_path / "small.ndjson").stat().st_size <= 400
    assert slow.dropped > 0
    assert "xxx" not in (tmp_path / "short.ndjson").read_text()


def test_a_crash_of_the_service_stays_its_own_and_is_recorded(tmp_path: Path) -> None:
    async def crash(scope: Message, receive: Receive, send: Send) -> None:
        raise ValueError("mine")

    recorder = Recorder(crash, str(tmp_path / "a.ndjson"))
    with pytest.raises(ValueError, match="mine"):
        ask(recorder, "/a")
    recorder.close()

    assert json.loads((tmp_path / "a.ndjson").read_text())["path"] == "/a"


def test_it_imports_nothing_of_the_harness() -> None:
    code = "import sys, guardrails.payload.traffic.recorder; print([n for n in sys.modules if n[:10] == 'guardrails'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    names = ("guardrails", "payload", "traffic", "recorder")
    known = {".".join(names[: length + 1]) for length in range(4)} | {"guardrails.payload.traffic.redaction"}
    assert set(json.loads(done.stdout.replace("'", '"'))) == known
