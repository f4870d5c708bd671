"""What stands between a request and a store that may be slow, dead or wrong.

A read has a bound of time and is never repeated; a store that fails is left alone for a while; and a
listener who was read a moment ago is served from that, and nobody else is.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from reference_service.features.listeners import (
    FeaturesStale,
    FeaturesUnavailable,
    Listener,
    ListenerStore,
)
from reference_service.features.stores.patience import within
from reference_service.logs import note
from reference_service.resilience.breaker import Breaker
from reference_service.resilience.deadline import current

Outcome = Literal["read", "stale", "slow", "failed", "hurried", "rested"]

MOST_KNOWN = 50_000
KNOWN_SECONDS = 900.0


class GuardedStore:
    """A store that answers in time: with what it read, with the last known good, or with an error.

    most   seconds that one read may take, or None for as long as the request has
    waits  whether a read may wait; one that does not needs no timer
    """

    def __init__(
        self,
        store: ListenerStore,
        most: float | None,
        count: Callable[[Outcome], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        waits: bool = True,
    ) -> None:
        self._waits = waits
        self._store = store
        self._most = most
        self._count = count
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Listener]] = OrderedDict()
        self.breaker = Breaker()
        self.digest = store.digest

    async def read(self, listener_id: str) -> Listener:
        """Return this listener, or raise FeaturesUnavailable with the last known good of this listener."""
        started = self._clock()
        if not self.breaker.allows(started):
            self._count("rested")
            raise self._unavailable(listener_id, started)
        budget = current()
        seconds = budget.stage(self._most, started)
        try:
            if self._waits:
                async with within(seconds):
                    listener = await self._store.read(listener_id)
            else:
                listener = await self._store.read(listener_id)
        except TimeoutError as error:
            # A caller in a hurry says nothing about the store, and may not close it to the others.
            self._failed("hurried" if seconds != self._most else "slow")
            raise self._unavailable(listener_id, self._clock()) from error
        except FeaturesStale:
            # It answered: whoever computes features is late, and not the store.
            self._answered("stale")
            raise
        except FeaturesUnavailable as error:
            self._failed("failed")
            raise self._unavailable(listener_id, self._clock()) from error
        finally:
            budget.waited += self._clock() - started
        self._answered("read")
        self._remember(listener_id, listener, started)
        return listener

    def _answered(self, outcome: Outcome) -> None:
        if self.breaker.state() != "closed":
            note("store_answers")
        self.breaker.succeeded()
        self._count(outcome)

    def _failed(self, outcome: Outcome) -> None:
        self._count(outcome)
        if outcome == "hurried":
            return
        was = self.breaker.state()
        self.breaker.failed(self._clock())
        if was == "closed" and self.breaker.state() != "closed":
            note("store_rests", level=logging.WARNING)

    def _remember(self, listener_id: str, listener: Listener, now: float) -> None:
        self._known[listener_id] = (now, listener)
        self._known.move_to_end(listener_id)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _unavailable(self, listener_id: str, now: float) -> FeaturesUnavailable:
        read, listener = self._known.get(listener_id, (now, None))
        return FeaturesUnavailable(
            "the store does not answer", listener if now - read <= KNOWN_SECONDS else None
        )
