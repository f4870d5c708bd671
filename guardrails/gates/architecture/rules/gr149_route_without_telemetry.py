"""A route that nobody counts is down until a user says so."""

import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Symbol
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.requests import dependencies, handlers
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NEEDS = ("serving",)
_MOST_STEPS = 3
_FEWEST_ALIKE = 3
_METRIC = re.compile(
    r"prometheus_client\..+\.(?:inc|observe|time|labels|count_exceptions|track_inprogress)\Z|"
    r"opentelemetry\..+\.(?:start_as_current_span|start_span|add|record)\Z|"
    r"(?:statsd|datadog|ddtrace|newrelic|sentry_sdk)\..*(?:incr|increment|timing|timed|histogram|trace|wrap|start_span)\Z"
)
# What orchestrators and browsers ask, which would only drown what users ask.
_PROBE = re.compile(
    r"(?i)\w*(?:health|healthz|live|liveness|alive|ready|readiness|metrics|ping|favicon|docs)\Z"
)

RULE = Rule(
    id="GR149",
    name="route-without-telemetry",
    gate="architecture",
    summary="A route makes no metric and no span where the others of its module, or policy, have one.",
    why="Alerts, dashboards and the rollout's decision read what routes count. One that counts nothing is missing "
    "from all of them, and its errors and delays are found by users.",
    remedy="Count and time it as its neighbours do, or name what does so for all routes under `telemetry` in "
    "policies/architecture.yaml.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            from fastapi import APIRouter
            from shop.metrics import stage

            router = APIRouter()

            @router.get('/cards')
            async def cards() -> list[str]:
                return []
            """,
            path="shop/routes.py",
            policy="telemetry: [shop.metrics.stage]",
            more={"shop/__init__.py": "", "shop/metrics.py": "def stage(name):\n    return name\n"},
        ),
        example(
            """
            from fastapi import FastAPI
            from prometheus_client import Counter

            app = FastAPI()
            ASKED = Counter('asked', 'Requests.', ['route'])

            @app.get('/cards')
            async def cards() -> list[str]:
                ASKED.labels('cards').inc()
                return []

            @app.get('/lyrics')
            async def lyrics() -> list[str]:
                ASKED.labels('lyrics').inc()
                return []

            @app.get('/credits')
            async def credits() -> list[str]:
                ASKED.labels('credits').inc()
                return []

            @app.get('/concerts')
            async def concerts() -> list[str]:
                return []
            """,
        ),
        example(
            """
            from flask import Flask
            from shop.metrics import timed

            app = Flask(__name__)

            def work():
                return 'done'

            @app.get('/cards')
            def cards():
                return work()
            """,
            path="shop/routes.py",
            policy="telemetry: [shop.metrics.timed]",
            more={"shop/__init__.py": "", "shop/metrics.py": "def timed(function):\n    return function\n"},
        ),
    ),
    good=(
        example(
            """
            from fastapi import APIRouter
            from shop.metrics import stage

            router = APIRouter()

            def found():
                stage('cards')
                return []

            @router.get('/cards')
            async def cards() -> list[str]:
                return found()
            """,
            path="shop/routes.py",
            policy="telemetry: [shop.metrics.stage]",
            more={"shop/__init__.py": "", "shop/metrics.py": "def stage(name):\n    return name\n"},
        ),
        example(
            """
            from fastapi import APIRouter, Depends
            from shop.metrics import stage, timed

            router = APIRouter()

            def counted() -> None:
                stage('lyrics')

            @router.get('/cards')
            @timed
            async def cards() -> list[str]:
                return []

            @router.get('/lyrics')
            async def lyrics(_: None = Depends(counted)) -> list[str]:
                return []
            """,
            path="shop/routes.py",
            policy="telemetry: [shop.metrics.stage, shop.metrics.timed]",
            more={
                "shop/__init__.py": "",
                "shop/metrics.py": "def stage(name):\n    return name\n\ndef timed(function):\n    return function\n",
            },
        ),
        example(
            """
            from fastapi import FastAPI
            from prometheus_client import Counter

            app = FastAPI()
            ASKED = Counter('asked', 'Requests.')

            @app.get('/cards')
            async def cards() -> list[str]:
                ASKED.inc()
                return []

            @app.get('/lyrics')
            async def lyrics() -> list[str]:
                ASKED.inc()
                return []

            @app.get('/credits')
            async def credits() -> list[str]:
                ASKED.inc()
                return []

            @app.get('/health')
            async def health() -> str:
                return 'ok'
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the routes that count nothing, where policy wants it or three in four of the others do."""
    wanted = frozenset(module.settings.telemetry)
    scopes = module.facts.scopes
    routes = [one for one in handlers(module) if not _PROBE.match(scopes[one].name.rpartition(".")[2])]
    if not routes or not (wanted or len(routes) > _FEWEST_ALIKE):
        return
    given = list(dependencies(module))
    silent = [scope for scope in routes if not _counts(module, scope, wanted, given)]
    counting = len(routes) - len(silent)
    if not wanted and (counting < _FEWEST_ALIKE or counting < _FEWEST_ALIKE * len(silent)):
        return
    for scope in silent:
        one = scopes[scope]
        why = "`telemetry` of policy names" if wanted else "the module's other routes make"
        says = f"`{one.name}` makes none of the metrics and spans that {why}"
        yield Found(one.line, scope, says, f"{one.name} without telemetry")


def _counts(module: Module, scope: int, wanted: frozenset[str], given: list[tuple[Call, Symbol]]) -> bool:
    """Whether a handler, what it calls, or a dependency in its signature counts or times."""
    one = module.facts.scopes[scope]
    injected = [symbol for call, symbol in given if one.line <= call.line <= one.end]
    queue = [(symbol, 0) for symbol in (module.symbol(scope), *injected)]
    seen = {symbol for symbol, _ in queue}
    for symbol, steps in queue:
        for decorator in module.graph.scope(symbol).decorators:
            if _is_metric(module.graph.meanings(symbol.module, decorator.name), wanted):
                return True
        for _, meanings, targets in module.graph.edges(symbol):
            if _is_metric(meanings, wanted):
                return True
            more = [target for target in targets if target not in seen and steps < _MOST_STEPS]
            seen.update(more)
            queue += [(target, steps + 1) for target in more]
    return False


def _is_metric(meanings: tuple[str, ...], wanted: frozenset[str]) -> bool:
    return any(one.replace(":", ".").removesuffix("()") in wanted or _METRIC.match(one) for one in meanings)
