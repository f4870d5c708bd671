"""Counters and histograms that cost a tenth of the library's, for what is counted several times a request.

They have no lock: they are written on the event loop alone, where they are read too. What they show is the same.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class Count:
    """One number of a counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        """Add to it."""
        self.value += amount


class Times:
    """One distribution of a histogram."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * len(bounds)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Add this value, which is a number."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value


class Counter(Collector):
    """A counter by labels, whose values come from closed sets."""

    def __init__(
        self, name: str, meaning: str, labels: Sequence[str], *, registry: CollectorRegistry
    ) -> None:
        self._family = (name, meaning, labels)
        self._cells: dict[tuple[str, ...], Count] = {}
        registry.register(self)

    def labels(self, *values: str) -> Count:
        """Return the number for these values of the labels."""
        return self._cells.setdefault(values, Count())

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield what the registry shows."""
        name, meaning, labels = self._family
        family = CounterMetricFamily(name, meaning, labels=labels)
        for values, cell in self._cells.items():
            family.add_metric(values, cell.value)
        yield family


class Histogram(Collector):
    """A histogram by labels, whose values come from closed sets; `buckets` are upper bounds, ascending."""

    def __init__(
        self,
        name: str,
        meaning: str,
        labels: Sequence[str],
        *,
        buckets: Sequence[float],
        registry: CollectorRegistry,
    ) -> None:
        self._family = (name, meaning, labels)
        self._bounds = (*buckets, float("inf"))
        self._cells: dict[tuple[str, ...], Times] = {}
        registry.register(self)

    def labels(self, *values: str) -> Times:
        """Return the distribution for these values of the labels."""
        return self._cells.setdefault(values, Times(self._bounds))

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield what the registry shows."""
        name, meaning, labels = self._family
        family = HistogramMetricFamily(name, meaning, labels=labels)
        names = [*map(repr, self._bounds[:-1]), "+Inf"]
        for values, cell in self._cells.items():
            buckets = list(zip(names, map(float, accumulate(cell.counts)), strict=True))
            family.add_metric(values, buckets, cell.total)
        yield family
