"""Faults of a real Redis under load on the real service: every answer valid, and honest about its quality.

Small on purpose; `python -m benchmarks resilience` does it at size, with times.
"""

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from contracts.now_playing.invariants import CLOCK, INVARIANTS
from reference_service.api.responses import RankingAnswer
from reference_service.features.stores.redis import RedisStore
from reference_service.settings import RedisAddress
from tests.reference_service.faults.proxy import Toxic, proxied
from tests.reference_service.features.stores.redis_server import redis_server
from tests.reference_service.processes.service import Connection, Service, served
from tests.reference_service.ranking.test_rank import FACTS

PATH = "/v1/now-playing/up-next:rank"
CALLERS, EACH = 8, 12
HARMLESS = {"none", "slicer"}
DEADLY = {"latency", "timeout", "reset_peer", "bandwidth", "limit_data", "down"}
# How many answers these spoil is chance; that what they spoil is not served is not.
SPORADIC = {"flap", "slow_close", "jitter"}
TOXICS: tuple[Toxic, ...] = get_args(Toxic)


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Path, Service]]:
    """A Redis that holds the seeded listeners, and a service that reads it through a path we may poison."""
    with redis_server() as upstream, tempfile.TemporaryDirectory() as folder:
        asyncio.run(_published(upstream))
        between = Path(folder) / "p"
        chosen = {"NOW_PLAYING_FEATURES": f"redis+unix://{between}", "NOW_PLAYING_CLOCK": CLOCK}
        with served(chosen) as service:
            (Path(folder) / "upstream").symlink_to(upstream)
            yield Path(folder), service


async def _published(path: Path) -> None:
    store = RedisStore(RedisAddress(path=str(path)))
    await store.publish(7)
    await store.close()


async def caller(service: Service, number: int, question: dict[str, Any]) -> list[dict[str, Any]]:
    connection = await Connection.to(service.socket)
    answers = []
    for turn in range(EACH):
        listener = f"listener-{number * EACH + turn + 1:04d}"
        body = {**question, "context": {**question["context"], "listener_id": listener}}
        status, answer = await connection.ask("POST", PATH, body)
        assert status == 200
        assert_valid(body, answer)
        answers.append(answer)
    await connection.close()
    return answers


def assert_valid(body: dict[str, Any], answer: dict[str, Any]) -> None:
    RankingAnswer.model_validate(answer)
    request = {"operation": "POST /v1/now-playing/up-next:rank", "body": body}
    faults = {name: invariant(request, answer, FACTS) for name, invariant in INVARIANTS.items()}
    assert faults == dict.fromkeys(INVARIANTS)
    assert len(answer["items"]) == 30
    assert answer["degraded"] == (answer["degraded_reason"] is not None)


async def until_whole(service: Service, question: dict[str, Any]) -> None:
    """Return once an answer is of full quality again; the breaker rests half a second."""
    connection = await Connection.to(service.socket)
    for _ in range(200):
        _, answer = await connection.ask("POST", PATH, question)
        if not answer["degraded"]:
            break
        await asyncio.sleep(0.05)
    await connection.close()
    assert not answer["degraded"]


@pytest.mark.parametrize("toxic", TOXICS)
def test_every_answer_under_a_fault_is_valid_and_says_what_it_lacks(
    stage: tuple[Path, Service], question: dict[str, Any], toxic: Toxic
) -> None:
    folder, service = stage

    async def load() -> list[dict[str, Any]]:
        with contextlib.suppress(FileNotFoundError):
            (folder / "p").unlink()
        async with proxied(folder / "upstream", folder / "p") as proxy:
            await until_whole(service, question)
            proxy.poison(toxic)
            answers = await asyncio.gather(*(caller(service, number, question) for number in range(CALLERS)))
            proxy.poison("none")
            await until_whole(service, question)
            return [answer for some in answers for answer in some]

    answers = asyncio.run(load())
    reasons = Counter(answer["degraded_reason"] for answer in answers)
    assert len(answers) == CALLERS * EACH
    assert reasons.keys() <= {None, "features_unavailable", "features_stale", "overloaded"}
    if toxic in DEADLY:
        assert reasons[None] == 0
    elif toxic not in HARMLESS:
        assert reasons.total() > reasons[None] or toxic in SPORADIC
