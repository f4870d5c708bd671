"""Admission: what is shed is answered validly, what is wrong is refused, and a slow client holds no place."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import Message

from reference_service.api.problems import Problem
from reference_service.api.responses import RankingAnswer
from reference_service.app import create_app
from reference_service.features.listeners import DEFAULT, Listener
from reference_service.resilience.limit import Limit
from reference_service.settings import Settings

UP_NEXT = "/v1/now-playing/up-next:rank"
HEADER = "X-Request-Deadline-Ms"


class Gate:
    """A store that answers when it is opened."""

    digest = "0" * 64

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def read(self, listener_id: str) -> Listener:
        await self.open.wait()
        return DEFAULT


async def post(
    app: FastAPI, body: bytes, parts: int = 1, deadline: bytes = b"60000"
) -> tuple[int, dict[str, Any]]:
    """Return status and answer of one patient request, whose body comes in so many parts and never more."""
    size = -(-len(body) // parts)
    messages: list[Message] = [
        {"type": "http.request", "body": body[start : start + size], "more_body": start + size < len(body)}
        for start in range(0, len(body), size)
    ]
    said: list[Message] = []

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": UP_NEXT,
        "raw_path": UP_NEXT.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (HEADER.lower().encode(), deadline)],
    }
    await app(scope, receive, send)
    return said[0]["status"], json.loads(b"".join(message.get("body", b"") for message in said))


def test_what_exceeds_the_limit_is_answered_at_once_with_what_is_popular(question: dict[str, Any]) -> None:
    async def overload() -> tuple[list[tuple[int, dict[str, Any]]], list[tuple[int, dict[str, Any]]]]:
        gate = Gate()
        app = create_app(Settings(clock=datetime(2026, 1, 1, tzinfo=UTC)), store=gate)
        body = json.dumps(question).encode()
        async with app.router.lifespan_context(app):
            first = [asyncio.create_task(post(app, body)) for _ in range(Limit().most)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            shed = [await post(app, body, parts) for parts in (1, 7)]
            wrong = await post(app, b'{"candidates": 7}')
            assert not any(task.done() for task in first)
            gate.open.set()
            return [*shed, wrong], await asyncio.gather(*first)

    (*shed, wrong), ranked = asyncio.run(overload())
    for status, answer in shed:
        assert status == 200
        assert RankingAnswer.model_validate(answer).degraded_reason == "overloaded"
        assert len(answer["items"]) == 30
    assert wrong[0] == 503
    assert "overloaded" in Problem.model_validate(wrong[1]).detail
    assert {(status, answer["degraded_reason"]) for status, answer in ranked} == {(200, None)}


def test_a_deadline_that_is_spent_is_answered_with_what_is_popular(question: dict[str, Any]) -> None:
    with TestClient(create_app(Settings(), store=Gate())) as client:
        answer = client.post(UP_NEXT, json=question, headers={HEADER: "1"})
        metrics = client.get("/metrics").text
    assert RankingAnswer.model_validate_json(answer.content).degraded_reason == "deadline"
    assert 'now_playing_degraded_total{reason="deadline"} 1.0' in metrics
    assert 'now_playing_feature_reads_total{outcome="hurried"} 1.0' in metrics


@pytest.mark.parametrize("text", ["0", "60001", "soon", "1.5", "-1", ""])
def test_a_deadline_out_of_bounds_is_refused_and_not_echoed(
    client: TestClient, question: dict[str, Any], text: str
) -> None:
    answer = client.post(UP_NEXT, json=question, headers={HEADER: text})
    assert answer.status_code == 422
    assert HEADER in Problem.model_validate_json(answer.content).detail


def test_a_body_that_does_not_come_is_given_up_and_held_no_place(question: dict[str, Any]) -> None:
    async def slow() -> None:
        app = create_app(Settings(deadline_ms=30))
        body = json.dumps(question).encode()
        async with app.router.lifespan_context(app):
            messages: list[Message] = [{"type": "http.request", "body": body[:9], "more_body": True}]
            stuck = [asyncio.create_task(_stuck(app, list(messages))) for _ in range(40)]
            await asyncio.sleep(0)
            assert (await post(app, body))[1]["degraded"] is False
            assert set(await asyncio.gather(*stuck)) == {408}

    asyncio.run(slow())


async def _stuck(app: FastAPI, messages: list[Message]) -> int:
    status = 0

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    await app({"type": "http", "method": "POST", "path": UP_NEXT, "headers": []}, receive, send)
    return status
