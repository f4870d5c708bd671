"""A circuit breaker: a dependency that fails again and again is left alone for a while.

Without it every request pays the whole timeout of a dead store. It is a state machine without a clock, so
that a test can walk every path of it.
"""

from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "open", "half_open"]


@dataclass(slots=True)
class Breaker:
    """Opens after `failures` failures in a row; then lets one call through every `rest` seconds to try.

    Times are seconds of any monotonic clock, given by the caller.
    """

    failures: int = 5
    rest: float = 0.5
    _failed: int = 0
    _next: float = 0.0
    _probing: bool = False

    def state(self) -> State:
        """Return the state, as metrics and logs name it."""
        if self._failed < self.failures:
            return "closed"
        return "half_open" if self._probing else "open"

    def allows(self, now: float) -> bool:
        """Return whether a call may be made now; whoever is allowed reports how it ended."""
        if self._failed < self.failures:
            return True
        if now < self._next:
            return False
        # A probe that never reports must not keep the breaker open for ever: it is a lease.
        self._probing, self._next = True, now + self.rest
        return True

    def succeeded(self) -> None:
        """Record that an allowed call was answered."""
        self._failed, self._probing = 0, False

    def failed(self, now: float) -> None:
        """Record that an allowed call was not answered, or answered nonsense."""
        self._failed = min(self._failed + 1, self.failures)
        self._probing = False
        if self._failed == self.failures:
            self._next = now + self.rest
