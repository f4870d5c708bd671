"""Holds clock, randomness and ids still, so that two trees asked the same may answer the same.

Only what can be replaced without changing the identity of a type is: whatever still moves (time
read in C, threads) is learned as noise by asking base twice. Monotonic clocks run on, because
event loops and timeouts live by them.
"""

from __future__ import annotations

import ctypes
import datetime
import gc
import os
import random
import sys
import time
import uuid
from collections.abc import Callable

_LATER = 17_330_437  # seconds, two hundred days and some hours: another month, weekday and half of the day
_REAL = (time.localtime, time.gmtime, time.ctime, time.strftime)


class Frozen:
    """The moment and the stream of randomness that the application sees; `hold` moves both on."""

    def __init__(self, clock: float, seed: int) -> None:
        self.now = self._clock = clock
        self.seed = seed
        self.is_late = False
        self._bytes = random.Random(seed)  # noqa: S311 - it is there to be foreseen

    def hold(self, step: int) -> None:
        """Set the moment and the randomness of one request, however much the one before used up."""
        self.now = self._clock + step + (_LATER if self.is_late else 0)
        mixed = self.seed * 1000003 + step
        self._bytes.seed(mixed)
        random.seed(mixed)
        numpy = sys.modules.get("numpy")
        if numpy is not None and hasattr(numpy, "random"):
            numpy.random.seed(mixed % (1 << 32))

    def urandom(self, size: int) -> bytes:
        """Return as many bytes as asked for, the same ones each time."""
        return self._bytes.getrandbits(size * 8).to_bytes(size, "big") if size else b""

    def time(self) -> float:
        """Return seconds since the epoch."""
        return self.now

    def time_ns(self) -> int:
        """Return nanoseconds since the epoch."""
        return int(self.now * 1_000_000_000)

    def install(self) -> None:
        """Put the still clock and the still randomness in the places where code looks for them."""
        time.time, time.time_ns = self.time, self.time_ns
        self._freeze_broken_down_time()
        os.urandom = self.urandom
        random._urandom = self.urandom  # type: ignore[attr-defined]  # SystemRandom, and so secrets, read it
        uuid._generate_time_safe = None  # type: ignore[attr-defined]  # uuid1 then reads the clock in Python
        self._freeze_datetime()
        self.hold(0)

    def _freeze_broken_down_time(self) -> None:
        local, universal, text, formatted = _REAL

        def localtime(seconds: float | None = None) -> time.struct_time:
            return local(self.now if seconds is None else seconds)

        def gmtime(seconds: float | None = None) -> time.struct_time:
            return universal(self.now if seconds is None else seconds)

        def ctime(seconds: float | None = None) -> str:
            return text(self.now if seconds is None else seconds)

        def strftime(format: str, moment: time.struct_time | None = None) -> str:  # noqa: A002 - its own name
            return formatted(format, localtime() if moment is None else moment)

        time.localtime, time.gmtime, time.ctime = localtime, gmtime, ctime  # type: ignore[assignment]  # they take less
        time.strftime = strftime  # type: ignore[assignment]  # the stub wants a tuple as well

    def _freeze_datetime(self) -> None:
        # Another class would not be the one that pydantic and others know, so its methods change instead.
        names = gc.get_referents(datetime.datetime.__dict__)[0]
        replaced: dict[str, Callable[..., datetime.datetime]] = {
            "now": lambda kind, tz=None: kind.fromtimestamp(self.now, tz),
            "utcnow": lambda kind: kind.fromtimestamp(self.now, datetime.timezone.utc).replace(tzinfo=None),
        }
        for name, function in replaced.items():
            names[name] = classmethod(function)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime.datetime))


def frozen(clock: float, seed: int) -> Frozen:
    """Return a still clock that is installed, as far as this interpreter lets it be."""
    made = Frozen(clock, seed)
    try:
        made.install()
    except (AttributeError, TypeError, KeyError, IndexError) as error:
        print("not all clocks could be held still: %r" % error, file=sys.stderr)
    return made
