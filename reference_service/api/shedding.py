"""The answer to rankings beyond the limit: what is popular of what little is read of them.

Under overload many are at hand at once, and they are answered step by step together: what a step needs is then in
the processor's cache for all but the first of them, which takes a quarter less than one request after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reference_service.api.reading.lean import GLANCE_BYTES
from reference_service.api.routes import Rankings
from reference_service.ranking.nouns import Surface
from reference_service.resilience.limit import Limit

EACH = (GLANCE_BYTES, 3 * GLANCE_BYTES, 2**31)
"""How much is looked at of the candidates for one that is to be shown: more where that does not fill an answer."""


@dataclass(slots=True, eq=False)
class Visit:
    """One plain ranking request, whose body may still be on its way.

    data     all that is here of it: its body begins at `start`, and the body lacks `missing` bytes
    left     seconds that its client gives it, or None for no bound
    arrived  when it did, in seconds of time.monotonic
    """

    surface: Surface
    request_id: str
    data: bytes
    start: int
    missing: int
    left: float | None
    arrived: float


@dataclass(frozen=True, slots=True)
class Shedding:
    """The limit on rankings, and the answers to those beyond it."""

    rankings: Rankings
    limit: Limit

    def answers(self, visits: Sequence[Visit]) -> list[bytes | None]:
        """Return what is popular of what each asks, or None where it is not plainly valid or nothing is ready."""
        contents: list[bytes | None] = [None] * len(visits)
        ranker = self.rankings.ranker
        left = [] if ranker is None else [*enumerate(visits)]
        for each in EACH:
            if ranker is None or not left:
                break
            glimpses = ranker.reader.glances([(one.surface, one.data, one.start) for _, one in left], each)
            valid = [
                (place, visit, glimpse)
                for (place, visit), glimpse in zip(left, glimpses, strict=True)
                if glimpse is not None
            ]
            seen = [(visit.surface, glimpse, visit.request_id) for _, visit, glimpse in valid]
            found = self.rankings.glanced("overloaded", seen)
            left = []
            for (place, visit, _), content in zip(valid, found, strict=True):
                contents[place] = content
                if content is None:
                    left.append((place, visit))
        return contents
