"""Each new label value is a new time series: an id as a label takes the monitoring down with the service."""

import ast
import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import last_name, shown_in
from guardrails.gates.architecture.knowledge.telemetry import METRICS, is_metric
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Call",)
_UNBOUNDED = re.compile(
    r"(?:\w+_)?(?:(?:user|customer|account|session|request|trace|span|order|track|device|message|listener|visitor|"
    r"correlation|transaction|job|run|task|event)_?id|uuid|guid|e_?mail|ip|ip_address|url|uri|query_string|timestamp)\Z",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:\w+\.)*(?:request|req)\.(?:url|path|url\.path|full_path|client\.host|remote_addr)\Z"
)
_EXCEPTION = re.compile(r"(?:e|ex|exc|err|error|exception)\Z")
CALLED = METRICS

RULE = Rule(
    id="GR151",
    name="unbounded-metric-label",
    gate="architecture",
    summary="A metric's label takes an id, a raw path, a time or an exception's text.",
    why="Every distinct value is a time series that is kept for weeks. A label with an id in it grows without end, "
    "slows every query, and ends in the outage of the system that should have shown the outage.",
    remedy="Label by what is few: the route's template (`request.scope['route'].path`), the exception's class, a tier. "
    "Put the id in a log line or an exemplar.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from prometheus_client import Counter

            PLAYS = Counter('plays', 'Plays', ['who'])

            def played(user_id):
                PLAYS.labels(user_id).inc()
            """,
        ),
        example(
            """
            from prometheus_client import Histogram

            SECONDS = Histogram('seconds', 'Time', ['path'])

            def measure(request, seconds):
                SECONDS.labels(path=request.url.path).observe(seconds)
            """,
        ),
        example(
            """
            from prometheus_client import Counter

            FAILURES = Counter('failures', 'Failures', ['why'])

            def fail(run):
                try:
                    run()
                except ValueError as error:
                    FAILURES.labels(why=str(error)).inc()
                    raise
            """,
        ),
        example(
            """
            from opentelemetry import metrics

            plays = metrics.get_meter('shop').create_counter('plays')

            def played(track):
                plays.add(1, {'session': track.session_id})
            """,
        ),
    ),
    good=(
        example(
            """
            from prometheus_client import Counter

            PLAYS = Counter('plays', 'Plays', ['kind', 'outcome'])

            def played(kind, failed):
                PLAYS.labels(kind, 'error' if failed else 'ok').inc()
            """,
        ),
        example(
            """
            from prometheus_client import Counter

            FAILURES = Counter('failures', 'Failures', ['why'])

            def fail(run):
                try:
                    run()
                except ValueError as error:
                    FAILURES.labels(why=type(error).__name__).inc()
                    raise
            """,
        ),
        example(
            """
            def show(chart, user_id):
                chart.legend(user_id)
                return chart.add(1, {'id': user_id})
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a metric whose label takes a value of which there is no end."""
    if not isinstance(node, ast.Call) or not any(map(is_metric, here.meanings(node.func))):
        return
    for value in (*node.args, *(one.value for one in node.keywords)):
        for one in shown_in(value, here):
            if _is_unbounded(one):
                yield here.mark(node, f"a metric is labelled by `{ast.unparse(one)}`")
                return


def _is_unbounded(value: ast.expr) -> bool:
    name = last_name(value)
    if isinstance(value, ast.Name) and _EXCEPTION.match(name):
        return True
    is_address = isinstance(value, ast.Attribute) and _ADDRESS.match(ast.unparse(value))
    return bool(is_address or _UNBOUNDED.match(name))
