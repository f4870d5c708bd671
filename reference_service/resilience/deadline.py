"""One absolute deadline a request, carried by a context variable.

Timeouts by hop do not compose: three hops of 100 ms make 300. Every stage asks instead what is left of one
instant, and whoever calls a further service sends on what is left.
"""

from contextvars import ContextVar
from dataclasses import dataclass

HEADER = "X-Request-Deadline-Ms"
LEAST_MS, MOST_MS = 1, 60_000


@dataclass(slots=True)
class Budget:
    """The time of one request, in seconds of a monotonic clock.

    deadline  the instant by which the answer must have left, or None where nobody set one
    waited    how long it waited for others; what it spent here is what a concurrency limit judges by
    spent     whether the time was over before the work was done
    """

    deadline: float | None
    waited: float = 0.0
    spent: bool = False

    def left(self, now: float) -> float | None:
        """Return the seconds that are left, at least 0, or None without a deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - now)

    def stage(self, most: float | None, now: float) -> float | None:
        """Return the seconds that a stage may take: at most `most`, and never past the deadline."""
        left = self.left(now)
        if most is None or left is None:
            return left if most is None else most
        return min(most, left)


_CURRENT: ContextVar[Budget | None] = ContextVar("now_playing_budget", default=None)


def begin(budget: Budget) -> None:
    """Make this the budget of the current request."""
    _CURRENT.set(budget)


def current() -> Budget:
    """Return the budget of the current request; one without a deadline where none was begun."""
    return _CURRENT.get() or Budget(None)


def milliseconds(text: bytes) -> int | None:
    """Return the milliseconds that a header states, or None where it is not a whole number in bounds."""
    if not (text.isdigit() and len(text) <= len(str(MOST_MS)) and LEAST_MS <= int(text) <= MOST_MS):
        return None
    return int(text)
