"""The thread that ranks: the event loop must stay free to answer whoever cannot be ranked in time.

One thread, because rankings hold the interpreter nearly all of their time: a second would only fight with the
first. And one job at a time, handed over by the loop when it has looked at its sockets: a thread that always has
the next job at hand takes the interpreter from the loop at every turn, and what should be shed at once waits.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class DeadlineSpent(TimeoutError):
    """There is no time left to rank; the caller answers with what is popular."""


@dataclass(slots=True, eq=False)
class _Job(Generic[Result]):
    work: Callable[[], Result]
    latest: float
    done: "asyncio.Future[Result]"


class Worker:
    """Does what it is given in the order that it was given, one at a time, on a thread of its own."""

    def __init__(self) -> None:
        # Any: jobs of every kind wait in one queue, and each keeps its own result's type.
        self._waiting: deque[_Job[Any]] = deque()
        self._handed: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._at_work = False
        threading.Thread(target=self._serve, name="ranking", daemon=True).start()

    async def run(self, work: Callable[[], Result], left: float | None) -> Result:
        """Return what the work returns or raise what it raises; raise DeadlineSpent if it cannot be in time.

        What has not begun when its `left` seconds are over is never begun.
        """
        loop = asyncio.get_running_loop()
        latest = float("inf") if left is None else time.monotonic() + left
        job: _Job[Result] = _Job(work, latest, loop.create_future())
        self._waiting.append(job)
        self._hand_over()
        timer = None if left is None else loop.call_later(left, _spent, job)
        try:
            return await job.done
        finally:
            if timer is not None:
                timer.cancel()

    def close(self) -> None:
        """End the thread once the work under way has ended."""
        self._handed.put(None)

    def _hand_over(self) -> None:
        while self._waiting and not self._at_work:
            job = self._waiting.popleft()
            if job.done.done():
                continue
            if time.monotonic() >= job.latest:
                job.done.set_exception(DeadlineSpent())
                continue
            self._at_work = True
            self._handed.put(job)

    def _serve(self) -> None:
        while (job := self._handed.get()) is not None:
            outcome: object
            try:
                outcome = job.work()
            except BaseException as error:  # noqa: BLE001  whatever it is, the caller raises it
                outcome = error
            try:
                job.done.get_loop().call_soon_threadsafe(self._deliver, job, outcome)
            except RuntimeError:
                self._abandoned()

    def _abandoned(self) -> None:
        """Go on after a loop that has ended, and with it whoever asked; another may have begun."""
        self._at_work = False
        for job in tuple(self._waiting):
            with suppress(RuntimeError):
                job.done.get_loop().call_soon_threadsafe(self._hand_over)

    def _deliver(self, job: _Job[Any], outcome: object) -> None:
        # Not now: first the loop looks at its sockets.
        job.done.get_loop().call_soon(self._next)
        if job.done.done():
            return
        if isinstance(outcome, BaseException):
            job.done.set_exception(outcome)
        else:
            job.done.set_result(outcome)

    def _next(self) -> None:
        self._at_work = False
        self._hand_over()


def _spent(job: _Job[Any]) -> None:
    if not job.done.done():
        job.done.set_exception(DeadlineSpent())
