"""Traces of sampled requests, sent to an OpenTelemetry collector.

The library is asked for sampled requests alone: a span costs as much as a twentieth of a ranking. A span has
the operation, the status, the request id and the stages; nothing that a client said is in it. This module needs the
extra `traces`, so it is imported only where traces are wanted.
"""

import secrets
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from reference_service.trace import Parent, Trace, header_of

MOST_ASKED_A_SECOND = 50
"""How many requests may be traced in one second because their callers say so: anybody can say so."""
EXPORT_SECONDS = 2.0
WHOLE = 2**56
FAILED = 500


class Recorded:
    """One request that is being recorded."""

    def __init__(self, span: Span, tracer: Tracer) -> None:
        at = span.get_span_context()
        self.trace = Trace(header_of(at.trace_id, at.span_id, sampled=True), recorded=True)
        self._span = span
        self._tracer = tracer
        self._epoch = time.time() - time.perf_counter()

    def end(self, operation: str, status: int, request_id: str) -> None:
        """Record how the request ended, and its stages."""
        span = self._span
        span.update_name(operation)
        span.set_attribute("http.response.status_code", status)
        span.set_attribute("now_playing.request_id", request_id)
        if status >= FAILED:
            span.set_status(StatusCode.ERROR)
        within = set_span_in_context(span)
        for stage in self.trace.stages:
            part = self._tracer.start_span(stage.name, within, start_time=self._nanoseconds(stage.started))
            part.end(self._nanoseconds(stage.ended))
        span.end()

    def _nanoseconds(self, instant: float) -> int:
        return int((self._epoch + instant) * 1e9)


class Traces:
    """Decides which requests are recorded, and sends what was recorded to a collector in the background.

    share  of the requests whose caller has no trace, the share that is recorded
    """

    def __init__(self, collector: str, share: float) -> None:
        # What to record is decided here, by the caller's word and the share; the library records all it gets.
        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=Resource.create({"service.name": "now-playing"})
        )
        exporter = OTLPSpanExporter(endpoint=collector, timeout=EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("reference_service")
        self._share = int(share * WHOLE)
        self._second, self._asked = 0, 0

    def begin(self, parent: Parent | None) -> Recorded | Trace | None:
        """Return a request to record, a trace that is only carried on, or None."""
        if parent is None:
            return self._recorded(None) if secrets.randbits(56) < self._share else None
        if parent.sampled and self._may_be_asked(int(time.monotonic())):
            return self._recorded(parent)
        return Trace(header_of(parent.trace_id, parent.span_id, sampled=parent.sampled), recorded=False)

    def close(self) -> None:
        """Send what waits and end; may block for a few seconds."""
        self._provider.shutdown()

    def _recorded(self, parent: Parent | None) -> Recorded:
        within = None
        if parent is not None:
            caller = SpanContext(
                parent.trace_id,
                parent.span_id,
                is_remote=True,
                trace_flags=TraceFlags(TraceFlags.SAMPLED),
            )
            within = set_span_in_context(NonRecordingSpan(caller))
        span = self._tracer.start_span("request", within, kind=SpanKind.SERVER)
        return Recorded(span, self._tracer)

    def _may_be_asked(self, second: int) -> bool:
        if second != self._second:
            self._second, self._asked = second, 0
        self._asked += 1
        return self._asked <= MOST_ASKED_A_SECOND
