"""The guard: a bound of time, a rest for the dead, and the last known good of this listener alone."""

import asyncio
from dataclasses import dataclass, field

import pytest

from reference_service.features.listeners import DEFAULT, FeaturesUnavailable, Listener, SeededStore
from reference_service.features.stores.guarded import KNOWN_SECONDS, GuardedStore, Outcome
from reference_service.resilience.deadline import Budget, begin

EVERYONE = dict(SeededStore(7).everyone())


@dataclass
class Store:
    """A store that answers, fails or hangs, as it is told."""

    manner: str = "answers"
    digest: str = "0" * 64
    asked: int = 0

    async def read(self, listener_id: str) -> Listener:
        self.asked += 1
        if self.manner == "hangs":
            await asyncio.Event().wait()
        if self.manner == "fails":
            raise FeaturesUnavailable("told to")
        return EVERYONE.get(listener_id, DEFAULT)


@dataclass
class Guard:
    store: Store = field(default_factory=Store)
    now: float = 100.0
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.guarded = GuardedStore(self.store, 0.01, self.outcomes.append, lambda: self.now)

    def read(self, listener_id: str, budget: Budget | None = None) -> Listener:
        async def one() -> Listener:
            begin(budget or Budget(None))
            return await self.guarded.read(listener_id)

        return asyncio.run(one())

    def last_known(self, listener_id: str) -> Listener | None:
        with pytest.raises(FeaturesUnavailable) as raised:
            self.read(listener_id)
        return raised.value.last_known


@pytest.mark.parametrize("manner", ["hangs", "fails"])
def test_a_store_that_fails_is_answered_from_what_this_listener_had_and_from_no_other(manner: str) -> None:
    guard = Guard()
    guard.read("listener-0001")
    guard.store.manner = manner
    assert guard.last_known("listener-0001") == EVERYONE["listener-0001"]
    assert guard.last_known("listener-0002") is None
    assert guard.outcomes == ["read", *["slow" if manner == "hangs" else "failed"] * 2]


def test_what_was_known_expires() -> None:
    guard = Guard()
    guard.read("listener-0001")
    guard.store.manner = "fails"
    guard.now += KNOWN_SECONDS
    assert guard.last_known("listener-0001") is not None
    guard.now += 1
    assert guard.last_known("listener-0001") is None


def test_a_dead_store_is_left_alone_and_asked_again_after_a_rest() -> None:
    guard = Guard(Store("fails"))
    for _ in range(20):
        guard.last_known("listener-0001")
    assert guard.store.asked == 5
    assert guard.outcomes[5:] == ["rested"] * 15
    guard.store.manner = "answers"
    guard.now += 0.5
    assert guard.read("listener-0001") == EVERYONE["listener-0001"]
    assert guard.guarded.breaker.state() == "closed"


def test_clients_in_a_hurry_do_not_wait_and_do_not_close_the_store_to_others() -> None:
    guard = Guard(Store("hangs"))
    for _ in range(20):
        with pytest.raises(FeaturesUnavailable):
            guard.read("listener-0001", Budget(guard.now))
    assert guard.outcomes == ["hurried"] * 20
    assert guard.guarded.breaker.state() == "closed"
