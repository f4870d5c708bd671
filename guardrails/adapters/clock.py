"""The machine's clock behind the port, so that nothing else of the harness reads the time."""

import time
from datetime import UTC, date, datetime


class SystemClock:
    """The time as the machine tells it."""

    def today(self) -> date:
        """Return today's date, UTC."""
        return datetime.now(UTC).date()

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic()
