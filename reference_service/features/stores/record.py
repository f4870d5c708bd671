"""A listener as bytes, and back, strictly.

A record names its listener, so that no fault of a store or of a connection can hand one listener the
features of another.
"""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from reference_service.features.draws import DIMENSIONS
from reference_service.features.items import KINDS
from reference_service.features.listeners import FeaturesStale, FeaturesUnavailable, Listener

LONGEST = 4_096
MOST_DECODED = 4_096
"""Records whose listener is kept: to check a record takes longer than to read it, and who listens asks again."""
MOST_TASTE = 8.0
LATEST = 2**40
OF_USE = 10
"""Features that are older than so many times their bound say nothing about a listener any more."""


@dataclass(frozen=True, slots=True)
class Record:
    """A listener, and when its features were computed: seconds since 1970, or None if they never age."""

    listener: Listener
    computed: int | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old features may be, in seconds, by a clock that gives seconds since 1970."""

    seconds: float
    clock: Callable[[], float]

    def checked(self, record: Record) -> Listener:
        """Return the listener, or raise FeaturesStale; what comes from the future is fresh, for clocks differ."""
        age = 0.0 if record.computed is None else self.clock() - record.computed
        if age <= self.seconds:
            return record.listener
        raise FeaturesStale(
            "the features are stale", record.listener if age <= OF_USE * self.seconds else None
        )


EVERLASTING = Freshness(math.inf, lambda: 0.0)


def encode(listener_id: str, listener: Listener, computed: int | None = None) -> bytes:
    """Return the record of this listener, whose features were computed then."""
    content = {
        "id": listener_id,
        "computed": computed,
        "taste": list(listener.taste),
        "kinds": dict(listener.kinds),
    }
    return json.dumps(content, separators=(",", ":")).encode()


@lru_cache(maxsize=MOST_DECODED)
def decode(listener_id: str, record: bytes) -> Record:
    """Return what this record holds, or raise FeaturesUnavailable where it is not a whole record of this very
    listener."""
    if len(record) > LONGEST:
        raise FeaturesUnavailable("the record is too long")
    try:
        content = json.loads(record, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise FeaturesUnavailable("the record is no JSON") from None
    if not isinstance(content, dict) or content.keys() != {"id", "computed", "taste", "kinds"}:
        raise FeaturesUnavailable("the record has not the fields of a listener")
    if content["id"] != listener_id:
        raise FeaturesUnavailable("the record is of another listener")
    taste, kinds, computed = content["taste"], content["kinds"], content["computed"]
    if computed is not None and not (type(computed) is int and 0 <= computed <= LATEST):
        raise FeaturesUnavailable("the record's time is out of range")
    if not isinstance(taste, list) or len(taste) != DIMENSIONS or not _within(taste, -MOST_TASTE, MOST_TASTE):
        raise FeaturesUnavailable("the record's taste is out of range")
    if not isinstance(kinds, dict) or not kinds.keys() <= set(KINDS) or not _within(kinds.values(), 0, 1):
        raise FeaturesUnavailable("the record's kinds are out of range")
    listener = Listener(tuple(map(float, taste)), {kind: float(liking) for kind, liking in kinds.items()})
    return Record(listener, computed)


def _within(values: Iterable[object], least: float, most: float) -> bool:
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
        for value in values
    )


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("NaN and infinities are no features")
