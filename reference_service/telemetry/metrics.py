"""Prometheus metrics. Every label comes from a closed set, so no client can grow the number of series."""

import time
from collections.abc import Callable
from functools import cache, partial
from typing import Literal

import prometheus_client
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import generate_latest

from reference_service.telemetry.cells import Counter, Histogram, Times
from reference_service.trace import tell

Stage = Literal["features", "rank", "model", "render"]

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Metrics:
    """The metrics of one app, in a registry of their own so that two apps can share a process.

    traced  whether stages are told to the trace of their request as well
    """

    def __init__(self, *, traced: bool = False) -> None:
        self.traced = traced
        self._registry = registry = CollectorRegistry()
        counter = partial(Counter, registry=registry)
        histogram = partial(Histogram, buckets=BUCKETS, registry=registry)
        self._requests = counter("now_playing_requests", "Requests answered.", ("operation", "status"))
        self._seconds = histogram(
            "now_playing_request_seconds",
            "Time from a request's first byte to its answer's last.",
            ("operation",),
        )
        self._stages = histogram(
            "now_playing_stage_seconds", "Time by stage of a ranking.", ("surface", "stage")
        )
        self._filtered = counter("now_playing_filtered", "Candidates withheld.", ("surface", "reason"))
        self._degraded = counter("now_playing_degraded", "Answers of less than full quality.", ("reason",))
        self._reads = counter(
            "now_playing_feature_reads", "Reads of the feature store, by how they ended.", ("outcome",)
        )
        self._events = prometheus_client.Counter(
            "now_playing_events",
            "Events received, by what became of them; `spoilt` are lines found broken at start.",
            ("outcome",),
            registry=registry,
        )
        self._count_models()
        # Looking a child up by its labels costs more than counting; the sets of labels are closed.
        self._request = cache(self._requests.labels)
        self._second = cache(self._seconds.labels)
        self._stage = cache(self._stages.labels)
        self._degradation = cache(self._degraded.labels)
        self._withheld = cache(self._filtered.labels)
        self._read = cache(self._reads.labels)
        self._gauges: dict[str, Gauge] = {}

    def _count_models(self) -> None:
        counter = partial(prometheus_client.Counter, registry=self._registry)
        self._swaps = counter(
            "now_playing_model_swaps", "Bundles that active.lock came to name, by outcome.", ("outcome",)
        )
        self._questions = counter(
            "now_playing_model_questions",
            "Requests to be scored by a model server, by how it ended.",
            ("outcome",),
        )
        self._hedges = counter(
            "now_playing_model_hedges", "Second requests to a model server: `sent`, and `won`.", ("outcome",)
        )

    def count_request(self, operation: str, status: int, seconds: float) -> None:
        """Count one answer to this operation (a route's name, or `none`)."""
        self._request(operation, str(status)).inc()
        self._second(operation).observe(seconds)

    def count_filtered(self, surface: str, reason: str, count: int) -> None:
        """Count candidates that were withheld for this reason."""
        self._withheld(surface, reason).inc(count)

    def count_degraded(self, reason: str, count: int = 1) -> None:
        """Count answers that are degraded for this reason."""
        self._degradation(reason).inc(count)

    def count_read(self, outcome: str) -> None:
        """Count one read of the feature store that ended like this."""
        self._read(outcome).inc()

    def count_events(self, outcome: str, count: int) -> None:
        """Count events of which this became."""
        self._events.labels(outcome).inc(count)

    def count_swap(self, outcome: str) -> None:
        """Count one bundle that was named instead of the one that served."""
        self._swaps.labels(outcome).inc()

    def count_question(self, outcome: str) -> None:
        """Count one request that a model server was to score and that ended like this."""
        self._questions.labels(outcome).inc()

    def count_hedge(self, outcome: str) -> None:
        """Count one second request to a model server, when it is sent and when it is answered first."""
        self._hedges.labels(outcome).inc()

    def watch(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Show what this returns whenever the metrics are read."""
        gauge = self._gauges.get(name)
        if gauge is None:
            gauge = self._gauges[name] = Gauge(name, meaning, registry=self._registry)
        gauge.set_function(value)

    def stage(self, surface: str, stage: Stage) -> "Timer":
        """Time a stage of a ranking, as the context of a with statement."""
        return Timer(self._stage(surface, stage), stage if self.traced else None)

    def text(self) -> bytes:
        """Return all metrics in the Prometheus text format."""
        return generate_latest(self._registry)


class Timer:
    """Observes how long its context took; a class, because a generator takes four times as long."""

    __slots__ = ("_began", "_histogram", "_traced")

    def __init__(self, histogram: Times, traced: Stage | None) -> None:
        self._histogram = histogram
        self._traced = traced
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        ended = time.perf_counter()
        self._histogram.observe(ended - self._began)
        if self._traced is not None:
            tell(self._traced, self._began, ended)
