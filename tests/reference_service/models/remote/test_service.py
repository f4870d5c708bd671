"""The whole service before a model server: every answer is valid, and says which model scored it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, get_args

import httpx2
import pytest
from starlette.testclient import TestClient

from reference_service.api.responses import RankingAnswer
from reference_service.app import create_app
from reference_service.models.documents import BundleError
from reference_service.models.lock import MODELS, read_lock
from reference_service.models.remote.tensors import RemoteError
from reference_service.models.scorer import TreeScorer
from reference_service.settings import ModelServer, Settings
from tests.reference_service.conftest import NOW
from tests.reference_service.models.remote.liar import JSON_ONLY, Liar, Protocol, listening
from tests.reference_service.models.remote.model_server import free_port
from tests.reference_service.models.remote.test_model import ANSWER_FAULTS, METADATA_FAULTS

PATH = "/v1/now-playing/up-next:rank"
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
LOCAL = read_lock(MODELS).bundle


def settings(protocol: Protocol, port: int, patience: int = 5_000) -> Settings:
    server = ModelServer(protocol, "127.0.0.1", port, "now_playing", "1")
    return Settings(clock=NOW, model_server=server, model_server_ms=patience)


@asynccontextmanager
async def service(chosen: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(chosen)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://s") as client,
    ):
        yield client


async def ranked(client: httpx2.AsyncClient, question: dict[str, Any]) -> dict[str, Any]:
    answered = await client.post(PATH, json=question)
    assert answered.status_code == 200, answered.text
    answer: dict[str, Any] = answered.json()
    RankingAnswer.model_validate(answer)
    assert all(sum(item["parts"].values()) == item["score"] for item in answer["items"])
    return answer


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_model_server_scores_and_is_named(protocol: Protocol, question: dict[str, Any]) -> None:
    async def run() -> None:
        async with listening(protocol, Liar()) as port, service(settings(protocol, port)) as client:
            answer = await ranked(client, question)
            ready = (await client.get("/readyz")).json()
            assert not answer["degraded"]
            assert {name for item in answer["items"] for name in item["parts"]} == {"model"}
            assert answer["digests"]["model"] == ready["model"] != LOCAL
            assert ready["faults"] == []
            assert (await ranked(client, question)) == answer
            said = (await client.get("/metrics")).text
            assert 'now_playing_stage_seconds_count{stage="model",surface="up_next"} 2.0' in said

    asyncio.run(run())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_whatever_the_server_does_the_bundle_scores_and_the_answer_says_so(
    protocol: Protocol, question: dict[str, Any], client: TestClient
) -> None:
    alone = client.post(PATH, json=question).json()

    async def run(fault: str, outcome: str) -> None:
        liar = Liar()
        async with listening(protocol, liar) as port, service(settings(protocol, port)) as served:
            liar.fault = fault
            answer = await ranked(served, question)
            assert (answer["degraded"], answer["degraded_reason"]) == (True, "model_unavailable")
            assert answer["digests"]["model"] == LOCAL
            assert answer["items"] == alone["items"]
            said = (await served.get("/metrics")).text
            assert f'now_playing_model_questions_total{{outcome="{outcome}"}} 1.0' in said
            assert 'now_playing_degraded_total{reason="model_unavailable"} 1.0' in said

    async def run_all() -> None:
        for fault, (outcome, _) in ANSWER_FAULTS.items():
            if protocol == "http" or fault not in JSON_ONLY:
                await run(fault, outcome)

    asyncio.run(run_all())


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("fault", METADATA_FAULTS)
def test_a_missigned_server_stops_the_start_and_the_error_says_why(protocol: Protocol, fault: str) -> None:
    async def run() -> None:
        async with listening(protocol, Liar(fault)) as port:
            with pytest.raises(RemoteError) as raised:
                async with service(settings(protocol, port)):
                    raise AssertionError("it started")
            assert METADATA_FAULTS[fault] in str(raised.value)

    asyncio.run(run())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_server_that_is_down_delays_no_start_and_scores_once_it_is_there(
    protocol: Protocol, question: dict[str, Any]
) -> None:
    port = free_port()

    async def run() -> None:
        async with service(settings(protocol, port)) as client:
            before = await ranked(client, question)
            assert (before["degraded_reason"], before["digests"]["model"]) == ("model_unavailable", LOCAL)
            ready = (await client.get("/readyz")).json()
            assert ready["model"] == LOCAL
            assert ready["faults"][0].startswith("the model server is not asked: ")
            assert "now_playing_model_faults 1.0" in (await client.get("/metrics")).text
            async with listening(protocol, Liar(), port):
                async with asyncio.timeout(60):
                    while (after := await ranked(client, question))["degraded"]:  # noqa: ASYNC110  it asks
                        await asyncio.sleep(0.05)
                assert after["digests"]["model"] != LOCAL
                assert (await client.get("/readyz")).json()["faults"] == []

    asyncio.run(run())


def test_what_neither_the_server_nor_the_bundle_scores_is_answered_as_popular(
    question: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_words: object) -> None:
        raise BundleError("cards.onnx: 3 scores for 4 rows")

    async def run() -> None:
        liar = Liar()
        async with listening("http", liar) as port, service(settings("http", port)) as client:
            liar.fault = "nan"
            monkeypatch.setattr(TreeScorer, "scores", broken)
            answer = await ranked(client, question)
            assert answer["degraded_reason"] == "model_unavailable"
            assert {name for item in answer["items"] for name in item["parts"]} == {"popularity"}

    asyncio.run(run())


def test_a_slow_server_leaves_half_of_the_callers_time_for_the_answer(question: dict[str, Any]) -> None:
    async def run() -> None:
        liar = Liar()
        async with listening("http", liar) as port, service(settings("http", port, 10_000)) as client:
            liar.fault = "slow"
            answered = await client.post(PATH, json=question, headers={"X-Request-Deadline-Ms": "3000"})
            answer = answered.json()
            assert answered.status_code == 200
            assert answer["degraded_reason"] == "model_unavailable"
            assert answer["digests"]["model"] == LOCAL
            assert 'outcome="hurried"} 1.0' in (await client.get("/metrics")).text

    asyncio.run(run())


def test_requests_that_overlap_each_keep_their_own_scores(question: dict[str, Any]) -> None:
    """Many listeners at once, over few connections: nobody is answered with what another asked."""
    contexts = [{**question["context"], "listener_id": f"listener-{number:04d}"} for number in range(1, 25)]
    questions = [{**question, "context": context} for context in contexts]

    async def run() -> None:
        async with listening("http", Liar()) as port, service(settings("http", port)) as client:
            alone = [await ranked(client, one) for one in questions]
            together = await asyncio.gather(*(ranked(client, one) for one in questions))
            full = [pair for pair in zip(alone, together, strict=True) if not pair[1]["degraded"]]
            assert full
            assert all(one["items"] == other["items"] for one, other in full)
            assert len({str(one["items"]) for one, _ in full}) > 1

    asyncio.run(run())
