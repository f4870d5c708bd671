"""An adaptive limit on what is worked on at once, by Little's law: what may wait is what will be done in time.

The pace is measured, so the limit follows the machine and the load. It is capped, because a limit that grows
while a queue is short is unbounded exactly when the queue grows.
"""

from dataclasses import dataclass

UNHURRIED = 1.0
"""The seconds that a request without a deadline is given to wait and be worked on."""


@dataclass(slots=True)
class Limit:
    """How many requests may be in work, waiting ones included.

    least, most  bounds of the limit
    share        of the time that a request has left, how much it may spend in work and waiting for its turn: what
                 is left over bears that the pace varies. With less of it, more is shed of a load that is just what
                 gets done, since a random stream bunches up
    weight       of one observation in the pace
    outlier      how many times the pace an observation may count for at most: a pause is no pace
    pace         seconds from one request done to the next, while there is work
    """

    least: int = 2
    most: int = 128
    share: float = 0.7
    weight: float = 0.05
    outlier: float = 8.0
    pace: float = 0.002
    running: int = 0
    _last: float = float("-inf")

    def size(self, left: float | None = None) -> int:
        """Return how many may be in work for one more to be done in time that has so many seconds left."""
        fitting = self.share * (UNHURRIED if left is None else left) / self.pace
        return max(self.least, min(self.most, int(fitting)))

    def has_room(self, left: float | None) -> bool:
        """Return whether one with so many seconds left may start."""
        return self.running < self.size(left)

    def acquire(self, left: float | None) -> bool:
        """Return whether one with so many seconds left may start, and count it if so; it must be released."""
        if not self.has_room(left):
            return False
        self.running += 1
        return True

    def release(self, began: float, now: float, *, done: bool = True) -> None:
        """Count one as ended that had all it needed to be worked on at the instant `began`.

        One that was given up before it was `done` says only that the pace is no faster than that: taken for work, it
        would admit the more the less gets done.
        """
        self.running -= 1
        seconds = max(min(now - max(began, self._last), self.outlier * self.pace), 1e-6)
        if done or seconds > self.pace:
            self.pace += self.weight * (seconds - self.pace)
        if done:
            self._last = now
