"""The thread that ranks: the event loop must stay free to answer whoever cannot be ranked in time.

One thread, because rankings hold the interpreter nearly all of their time: a second would only fight with the
first. Written here because an executor's futures cost a tenth of a ranking.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

Result = TypeVar("Result")


class DeadlineSpent(TimeoutError):
    """There is no time left to rank; the caller answers with what is popular."""


@dataclass(frozen=True, slots=True)
class _Job(Generic[Result]):
    work: Callable[[], Result]
    latest: float
    done: "asyncio.Future[Result]"
    loop: asyncio.AbstractEventLoop


class Worker(Generic[Result]):
    """Does what it is given in the order that it was given, one at a time, on a thread of its own."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job[Result] | None] = SimpleQueue()
        self._ended: deque[tuple[_Job[Result], Result | BaseException]] = deque()
        threading.Thread(target=self._serve, name="ranking", daemon=True).start()

    async def run(self, work: Callable[[], Result], left: float | None) -> Result:
        """Return what the work returns or raise what it raises; raise DeadlineSpent if it cannot be in time.

        What has not begun when its `left` seconds are over is never begun.
        """
        loop = asyncio.get_running_loop()
        latest = float("inf") if left is None else time.monotonic() + left
        job: _Job[Result] = _Job(work, latest, loop.create_future(), loop)
        self._jobs.put(job)
        try:
            async with asyncio.timeout(left):
                return await job.done
        except TimeoutError:
            raise DeadlineSpent from None

    def close(self) -> None:
        """End the thread once the work that it was given has ended."""
        self._jobs.put(None)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            outcome: Result | BaseException
            if job.done.cancelled() or time.monotonic() >= job.latest:
                outcome = DeadlineSpent()
            else:
                try:
                    outcome = job.work()
                except BaseException as error:  # noqa: BLE001  whatever it is, the caller raises it
                    outcome = error
            self._ended.append((job, outcome))
            try:
                job.loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:
                # The loop has ended, and with it whoever asked.
                self._ended.clear()

    def _deliver(self) -> None:
        while self._ended:
            job, outcome = self._ended.popleft()
            if job.done.done():
                continue
            if isinstance(outcome, BaseException):
                job.done.set_exception(outcome)
            else:
                job.done.set_result(outcome)
