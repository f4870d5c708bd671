"""A listener as bytes, and back, strictly.

A record names its listener, so that no fault of a store or of a connection can hand one listener the
features of another.
"""

import json
from collections.abc import Iterable
from typing import NoReturn

from reference_service.features.draws import DIMENSIONS
from reference_service.features.items import KINDS
from reference_service.features.listeners import FeaturesUnavailable, Listener

LONGEST = 4_096
MOST_TASTE = 8.0


def encode(listener_id: str, listener: Listener) -> bytes:
    """Return the record of this listener."""
    content = {"id": listener_id, "taste": list(listener.taste), "kinds": dict(listener.kinds)}
    return json.dumps(content, separators=(",", ":")).encode()


def decode(listener_id: str, record: bytes) -> Listener:
    """Return the listener of this record, or raise FeaturesUnavailable where it is not a whole record of
    this very listener."""
    if len(record) > LONGEST:
        raise FeaturesUnavailable("the record is too long")
    try:
        content = json.loads(record, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise FeaturesUnavailable("the record is no JSON") from None
    if not isinstance(content, dict) or content.keys() != {"id", "taste", "kinds"}:
        raise FeaturesUnavailable("the record has not the fields of a listener")
    if content["id"] != listener_id:
        raise FeaturesUnavailable("the record is of another listener")
    taste, kinds = content["taste"], content["kinds"]
    if not isinstance(taste, list) or len(taste) != DIMENSIONS or not _within(taste, -MOST_TASTE, MOST_TASTE):
        raise FeaturesUnavailable("the record's taste is out of range")
    if not isinstance(kinds, dict) or not kinds.keys() <= set(KINDS) or not _within(kinds.values(), 0, 1):
        raise FeaturesUnavailable("the record's kinds are out of range")
    return Listener(tuple(map(float, taste)), {kind: float(liking) for kind, liking in kinds.items()})


def _within(values: Iterable[object], least: float, most: float) -> bool:
    return all(
        isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
        for value in values
    )


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("NaN and infinities are no features")
