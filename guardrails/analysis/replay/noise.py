"""What differs between two plays of the same tree is noise, and is not held against another tree.

Base is played with other randomness, other ids and other hashes. A place that moved then may
hold another value in head, but still only one of the shape that base always gave it.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from guardrails.analysis.replay.difference import Difference, Kind, differences
from guardrails.model.frozen import frozen
from guardrails.model.ports import Response, Silence

_ENOUGH = 8
_WORDS = re.compile(r"[0-9A-Za-z]+")
_OF_VALUES = frozenset({Kind.VALUE, Kind.TEXT, Kind.HEADER})
_OF_WHOLES = frozenset({Kind.ORDER, Kind.COUNT, Kind.TYPE, Kind.MISSING, Kind.NEW})


@frozen
class Ignored:
    """A place that policy leaves out, and why; an empty operation means every one."""

    place: str
    reason: str
    operation: str = ""

    def covers(self, operation: str, place: str) -> bool:
        """Whether the rule names the place, or what it lies in."""
        if self.operation not in {"", operation}:
            return False
        return place == self.place or (self.place.startswith("/") and place.startswith(f"{self.place}/"))


class Noise:
    """Places that moved by themselves, by operation, and the shapes that their values had."""

    def __init__(self, ignored: Iterable[Ignored] = ()) -> None:
        self._ignored = tuple(ignored)
        self._kinds: defaultdict[tuple[str, str], set[Kind]] = defaultdict(set)
        self._values: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def learn(self, operation: str, one: Response | Silence, other: Response | Silence) -> None:
        """Take in how two answers of the same tree to the same request differ."""
        for found in differences(one, other):
            self._kinds[(operation, found.place)].add(found.kind)
            self._values[(operation, found.place)] |= {found.base, found.head}

    def covers(self, operation: str, found: Difference) -> bool:
        """Whether a difference is what base does by itself, or what policy leaves out."""
        if any(rule.covers(operation, found.place) for rule in self._ignored):
            return True
        kinds = self._kinds.get((operation, found.place), set())
        if found.kind in kinds and found.kind not in _OF_VALUES:
            return True
        if kinds & _OF_VALUES and found.kind in _OF_VALUES:
            return not self._is_misshapen((operation, found.place), found.head)
        return any(self._kinds.get((operation, place), set()) & _OF_WHOLES for place in _above(found.place))

    def places(self) -> Sequence[str]:
        """Return what moved by itself, as `operation place`, sorted."""
        return sorted(f"{operation} {place or 'body'}" for operation, place in self._kinds)

    def _is_misshapen(self, key: tuple[str, str], value: str) -> bool:
        values = self._values[key]
        if len(values) < _ENOUGH:
            return False
        shapes = {_shape(one) for one in values}
        return len(shapes) == 1 and _shape(value) not in shapes


def _shape(text: str) -> str:
    """Return the text with every run of letters and digits as one letter; a number as the word for it."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    return _WORDS.sub("x", value) if isinstance(value, str) else type(value).__name__


def _above(place: str) -> Iterable[str]:
    while "/" in place:
        place = place.rpartition("/")[0]
        yield place
