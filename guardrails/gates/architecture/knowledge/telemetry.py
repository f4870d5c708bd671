"""Which calls write a log line, a span's attribute or a metric, in the libraries that are in use."""

import ast
import re

from guardrails.analysis.code.marks import Here

_LEVELS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"})
_LOGGER = re.compile(r"(?i)(?:\w*_)?(?:log|logger|logging)\Z")
_LOGGING = ("logging.", "structlog.", "loguru.logger.")
_SPANS = frozenset({"set_attribute", "set_attributes", "add_event", "set_tag", "set_data"})
_SPAN_NAMES = frozenset({"span", "_span", "current_span", "transaction", "scope"})
METRICS = frozenset({"labels", "add", "record", "set"})
SINKS = _LEVELS | _SPANS | METRICS
_METRICS = ("prometheus_client.", "prometheus_client.metrics.")
_METER = (".create_counter()", ".create_histogram()", ".create_up_down_counter()", ".create_gauge()")


def sink_of(call: ast.Call, here: Here) -> str:
    """Return `log`, `span` or `metric` where the call writes one, else the empty text."""
    for meaning in here.meanings(call.func):
        owner, _, method = meaning.rpartition(".")
        holder = owner.lstrip("?").rpartition(".")[2]
        if method in _LEVELS and (meaning.startswith(_LOGGING) or _LOGGER.match(holder)):
            return "log"
        if method in _SPANS and (owner.startswith("opentelemetry.") or holder in _SPAN_NAMES):
            return "span"
        if is_metric(meaning):
            return "metric"
    return ""


def is_metric(meaning: str) -> bool:
    """Whether calling a resolved name gives a metric's labels their values."""
    owner, _, method = meaning.rpartition(".")
    if method == "labels":
        return owner.startswith(_METRICS) or owner.startswith(("?", ":", "."))
    return method in {"add", "record", "set"} and owner.endswith(_METER)
