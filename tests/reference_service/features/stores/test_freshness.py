"""How old features may be: fresh, stale but of use, and too old to say anything."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from reference_service.app import create_app
from reference_service.features.listeners import DEFAULT, FeaturesStale, Listener, SeededStore
from reference_service.features.stores.guarded import GuardedStore, Outcome
from reference_service.features.stores.record import OF_USE, Freshness, Record
from reference_service.features.stores.redis import RedisStore
from reference_service.features.stores.sqlite import SqliteStore, publish
from reference_service.settings import RedisAddress, Settings, StoreChoice
from tests.reference_service.conftest import NOW
from tests.reference_service.features.stores.redis_server import redis_server

COMPUTED = int(NOW.timestamp())
BOUND = 3_600
LISTENER = dict(SeededStore(7).everyone())["listener-0003"]


def fresh_after(seconds: float) -> Freshness:
    return Freshness(BOUND, lambda: COMPUTED + seconds)


@pytest.mark.parametrize("seconds", [-1e9, 0, BOUND])
def test_what_is_young_enough_or_from_a_clock_ahead_is_fresh(seconds: float) -> None:
    assert fresh_after(seconds).checked(Record(LISTENER, COMPUTED)) is LISTENER


@pytest.mark.parametrize(
    ("seconds", "known"),
    [(BOUND + 1, LISTENER), (OF_USE * BOUND, LISTENER), (OF_USE * BOUND + 1, None)],
)
def test_what_is_stale_is_used_while_it_is_of_use(seconds: float, known: Listener | None) -> None:
    with pytest.raises(FeaturesStale) as raised:
        fresh_after(seconds).checked(Record(LISTENER, COMPUTED))
    assert raised.value.last_known is known


def test_what_has_no_time_never_ages() -> None:
    assert fresh_after(1e12).checked(Record(LISTENER, None)) is LISTENER


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_a_store_with_stale_features_is_no_store_that_fails(kind: str, tmp_path: Path) -> None:
    outcomes: list[Outcome] = []

    async def reads(store: SqliteStore | RedisStore) -> None:
        guarded = GuardedStore(store, None, outcomes.append)
        for _ in range(8):
            with pytest.raises(FeaturesStale) as raised:
                await guarded.read("listener-0003")
            assert raised.value.last_known == LISTENER
        assert await guarded.read("nobody") == DEFAULT
        assert guarded.breaker.state() == "closed"
        await store.close()

    async def in_redis(path: Path) -> None:
        address = RedisAddress(path=str(path))
        # What writes does not mind how old features are; what reads does.
        writer = RedisStore(address)
        await writer.publish(7, COMPUTED)
        await writer.close()
        await reads(RedisStore(address, fresh_after(BOUND + 1)))

    if kind == "sqlite":
        publish(tmp_path / "db", 7, COMPUTED)
        asyncio.run(reads(SqliteStore(tmp_path / "db", 7, fresh_after(BOUND + 1))))
    else:
        with redis_server() as path:
            asyncio.run(in_redis(path))
    assert outcomes == ["stale"] * 8 + ["read"]


@pytest.mark.parametrize(
    ("hours_old", "reason"), [(0, None), (2, "features_stale"), (11, "features_unavailable")]
)
def test_an_answer_says_how_old_its_features_were(
    hours_old: int, reason: str | None, tmp_path: Path, question: dict[str, Any], client: TestClient
) -> None:
    publish(tmp_path / "db", 7, COMPUTED - hours_old * BOUND)
    chosen = Settings(clock=NOW, features=StoreChoice(file=tmp_path / "db"), features_fresh_s=BOUND)
    path = "/v1/now-playing/up-next:rank"
    stranger = {**question, "context": {**question["context"], "listener_id": "stranger"}}
    with TestClient(create_app(chosen)) as served:
        answer = served.post(path, json=question).json()
        assert f'now_playing_feature_reads_total{{outcome="{"stale" if hours_old else "read"}"}} 1.0' in (
            served.get("/metrics").text
        )
    assert answer["degraded_reason"] == reason
    whose = stranger if reason == "features_unavailable" else question
    assert answer["items"] == client.post(path, json=whose).json()["items"]
