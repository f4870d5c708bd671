"""The trace that a request belongs to (W3C Trace Context), carried by a context variable.

It stands below every layer, because whoever calls a further service sends it on, and it knows of no library:
where nothing is traced it costs the reading of one variable.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

HEADER = "traceparent"
_PARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")
_NO_TRACE, _NO_SPAN, _NO_VERSION = b"0" * 32, b"0" * 16, b"ff"
SAMPLED = 1


@dataclass(frozen=True, slots=True)
class Parent:
    """What a caller says of its trace."""

    trace_id: int
    span_id: int
    sampled: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """One timed part of a request, in seconds of time.perf_counter."""

    name: str
    started: float
    ended: float


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace of one request: the header to send on, and its stages where it is recorded."""

    header: str
    recorded: bool
    stages: list[Stage] = field(default_factory=list)


_CURRENT: ContextVar[Trace | None] = ContextVar("now_playing_trace", default=None)


def parent_in(text: bytes) -> Parent | None:
    """Return what a traceparent header says, or None where it breaks the standard."""
    read = _PARENT.match(text)
    if read is None or read[1] == _NO_VERSION or read[2] == _NO_TRACE or read[3] == _NO_SPAN:
        return None
    if read[1] == b"00" and read[5] is not None:
        return None
    return Parent(int(read[2], 16), int(read[3], 16), bool(int(read[4], 16) & SAMPLED))


def header_of(trace_id: int, span_id: int, *, sampled: bool) -> str:
    """Return the traceparent header of this span."""
    return f"00-{trace_id:032x}-{span_id:016x}-{SAMPLED if sampled else 0:02x}"


def begin(trace: Trace | None) -> None:
    """Make this the trace of the current request."""
    _CURRENT.set(trace)


def outgoing() -> Mapping[str, str]:
    """Return the headers that a call to a further service carries on; none outside of a trace."""
    trace = _CURRENT.get()
    return {} if trace is None else {HEADER: trace.header}


def tell(stage: str, started: float, ended: float) -> None:
    """Add a stage to the trace of the current request, if that is recorded."""
    trace = _CURRENT.get()
    if trace is not None and trace.recorded:
        trace.stages.append(Stage(stage, started, ended))
