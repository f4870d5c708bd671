"""A window on what is asked of a dependency at once: it widens while answers come in time, and narrows when they tarry.

A dependency that is asked more than it can answer works on what nobody waits for any more, and then nothing is
answered in time (a congestion collapse). Additive increase and multiplicative decrease is what TCP does about it
(Chiu and Jain, "Analysis of the increase and decrease algorithms for congestion avoidance", 1989); unlike a limit by
pace it assumes nothing of how many a dependency serves side by side.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Window:
    """How many questions may be open.

    least, most  bounds of its size
    tarried      share of the time that an answer may take from which on it narrows
    narrower     what it shrinks to then, once for all that were open at that moment
    """

    least: float = 2.0
    most: float = 64.0
    tarried: float = 0.75
    narrower: float = 0.7
    size: float = 16.0
    open: int = 0
    _narrowed: float = float("-inf")

    def has_room(self) -> bool:
        """Return whether one more question may be opened."""
        return self.open < int(self.size)

    def acquire(self) -> bool:
        """Return whether one more question may be opened, and count it if so; it must be released."""
        if not self.has_room():
            return False
        self.open += 1
        return True

    def release(self, began: float, now: float, most: float | None) -> None:
        """Count a question as ended that was opened at `began` and might have taken `most` seconds; None where that
        was so little that its end tells nothing.
        """
        was_full = not self.has_room()
        self.open -= 1
        if most is None:
            return
        if now - began >= self.tarried * most:
            # Those that were open together tarry together, and say but one thing.
            if began >= self._narrowed:
                self.size, self._narrowed = max(self.least, self.size * self.narrower), now
        elif was_full:
            # Quickly, until it has narrowed for the first time.
            step = 1 / self.size if self._narrowed > float("-inf") else 1
            self.size = min(self.most, self.size + step)
