"""When to ask a second time: late, and seldom.

A request that is slower than nineteen of twenty is often slow by chance (a pause of one replica, a lost
packet), and a second one overtakes it. Asked too early or too often, the second ones are the overload.
"""

from collections import deque
from dataclasses import dataclass, field

WINDOW = 128
LEAST_KNOWN = 32
QUANTILE = 0.95
LEAST_SECONDS = 0.001


@dataclass(slots=True)
class Hedge:
    """Says after how many seconds to ask again, and keeps second requests to a share of all.

    share  second requests for each first one
    burst  how many second requests may be saved up
    """

    share: float = 0.05
    burst: float = 3.0
    _saved: float = 0.0
    _seen: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def delay(self) -> float | None:
        """Return how many seconds to wait before asking again, or None while too little is known."""
        self._saved = min(self.burst, self._saved + self.share)
        if len(self._seen) < LEAST_KNOWN:
            return None
        return max(LEAST_SECONDS, sorted(self._seen)[int(QUANTILE * len(self._seen))])

    def spend(self) -> bool:
        """Return whether a second request may be sent now, and count it if so."""
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        return True

    def saw(self, seconds: float) -> None:
        """Record how long a first request took that was answered."""
        self._seen.append(seconds)
