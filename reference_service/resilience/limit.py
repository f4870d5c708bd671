"""An adaptive limit on what is worked on at once: additive increase, multiplicative decrease.

Little's law makes the right limit depend on the machine and on the load, so it is found and not set. It is
capped, because a limit that grows while a queue is short is unbounded exactly when the queue grows.
"""

from dataclasses import dataclass

BACK_OFF = 0.8


@dataclass(slots=True)
class Limit:
    """How many requests may be in work; grows while they are fast, shrinks when they are slow.

    least, most  bounds of the limit
    target       seconds of work above which a request counts as slow
    calm         seconds between two decreases, so that one burst counts once
    """

    least: int = 2
    most: int = 16
    target: float = 0.025
    calm: float = 0.1
    size: float = 6.0
    running: int = 0
    _shrunk: float = float("-inf")

    def acquire(self) -> bool:
        """Return whether one more may start, and count it if so; it must be released."""
        if self.running >= int(self.size):
            return False
        self.running += 1
        return True

    def release(self, seconds: float, now: float) -> None:
        """Count one as done that took so many seconds of work."""
        busy = 2 * self.running >= int(self.size)
        self.running -= 1
        if seconds > self.target:
            if now - self._shrunk >= self.calm:
                self.size, self._shrunk = max(float(self.least), self.size * BACK_OFF), now
        elif busy:
            # An idle service learns nothing of how much it could bear.
            self.size = min(float(self.most), self.size + 1 / self.size)
