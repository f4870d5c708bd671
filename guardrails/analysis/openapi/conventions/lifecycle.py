"""What a document announces of itself: how stable an operation is, and until when something is there."""

from collections.abc import Iterator, Mapping
from datetime import date

from guardrails.analysis.openapi.difference import Difference, Direction, Level
from guardrails.analysis.openapi.slots import Place
from guardrails.analysis.openapi.values import Json

_STABILITY = "x-stability-level"
_STABLE = "stable"
_LEVELS = ("draft", "alpha", "beta", _STABLE)


def lowered(place: Place) -> Iterator[Difference]:
    """Yield a stability that head takes back: of what is unstable nothing is promised any more."""
    before, after = (str(one.raw.get(_STABILITY, _STABLE)) for one in (place.base, place.head))
    if not {before, after} <= set(_LEVELS) or _LEVELS.index(after) >= _LEVELS.index(before):
        return
    message = f"{place.label} was {before} and is {after} now, so that clients may not rely on it as they did"
    yield place.difference(Level.UNKNOWN, "stability", Direction.REQUEST, message, place.head.pointer)


def announced(raw: Mapping[str, Json], today: date | None) -> tuple[bool, str]:
    """Return whether base let a thing go by today, and what it said of that.

    What is deprecated without a date may go at any time; who asks without a date of today asks for none.
    """
    if raw.get("deprecated") is not True:
        return False, ""
    sunset = raw.get("x-sunset")
    if sunset is None or today is None:
        return True, ", as base announced"
    try:
        is_due = date.fromisoformat(str(sunset)[:10]) <= today
    except ValueError:
        is_due = False
    said = f"which base announced for {str(sunset)[:40]!a}"
    return is_due, f", {said}" if is_due else f" too early, {said}"
