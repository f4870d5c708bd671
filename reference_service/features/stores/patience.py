"""A bound of time that does not hold a busy event loop against whoever is waited for.

A loop that was away fires its timers before it looks at its sockets, so that a reply that came in time looks
late. Here a timer that fires late gives the loop a moment to look first.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LATE_SECONDS = 0.005


@asynccontextmanager
async def within(seconds: float | None, late: float = LATE_SECONDS) -> AsyncIterator[None]:
    """Raise TimeoutError where the body takes longer than this while the loop looks at its sockets."""
    if seconds is None:
        yield
        return
    async with asyncio.timeout(None) as bound:
        timer = _Timer(bound, seconds, late)
        try:
            yield
        finally:
            timer.cancel()


class _Timer:
    def __init__(self, bound: asyncio.Timeout, seconds: float, late: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._bound = bound
        self._late = late
        self._start(seconds)

    def _start(self, seconds: float) -> None:
        self._due = time.monotonic() + seconds
        self._handle = self._loop.call_later(seconds, self._over)

    def _over(self) -> None:
        if time.monotonic() - self._due > self._late:
            self._start(self._late)
        else:
            self._bound.reschedule(self._loop.time())

    def cancel(self) -> None:
        self._handle.cancel()
