"""An empty list that means "the store did not answer" is a lie that nobody can count."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here, body_of
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import called, is_broad
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Try",)
_EMPTY_CALLS = frozenset(
    {"builtins.list", "builtins.dict", "builtins.tuple", "builtins.set", "builtins.frozenset"}
)
_COUNTING = frozenset({"inc", "increment", "incr", "observe", "record", "record_exception", "set_status", "count",
                       "capture_exception", "mark_degraded", "add"})  # fmt: skip
_OUTBOUND = (
    "httpx.", "requests.", "aiohttp.", "urllib.request.", "redis.", "boto3.", "aioboto3.", "psycopg.", "psycopg2.",
    "asyncpg.", "sqlite3.", "sqlalchemy.", "pymongo.", "motor.", "grpc.", "elasticsearch.", "kafka.", "aiokafka.",
)  # fmt: skip

RULE = Rule(
    id="GR148",
    name="failure-answered-as-empty",
    gate="architecture",
    summary="A dependency's failure of any kind is answered with an empty result that looks like success.",
    why='Callers cannot tell "nothing there" from "nobody answered": an outage shows as a thinner page, caches keep '
    "the emptiness, and no metric or alert moves.",
    remedy="Catch what the dependency raises, count it (`FAILURES.labels(...).inc()`), and return a result that says "
    "it is degraded, or raise.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import httpx, logging

            async def cards(listener):
                async with httpx.AsyncClient(timeout=1) as client:
                    try:
                        answer = await client.get(f'/cards/{listener}')
                        return answer.json()
                    except Exception:
                        logging.exception('cards')
                        return []
            """,
        ),
        example(
            """
            import logging, redis

            store = redis.Redis(socket_timeout=1)

            def features(listener):
                try:
                    return store.hgetall(listener)
                except BaseException as error:
                    logging.warning('features %s', error)
                    return {}
            """,
        ),
        example(
            """
            import logging, requests

            def lyrics(track):
                try:
                    found = requests.get(f'/lyrics/{track}', timeout=1)
                except:
                    logging.error('lyrics')
                    return ''
                return found.text
            """,
        ),
    ),
    good=(
        example(
            """
            import httpx, logging

            async def cards(client, listener):
                try:
                    answer = await client.get(f'/cards/{listener}')
                    return answer.json()
                except httpx.HTTPError:
                    logging.exception('cards')
                    return []
            """,
        ),
        example(
            """
            import logging, redis
            from prometheus_client import Counter

            FAILURES = Counter('failures', 'Failures')
            store = redis.Redis(socket_timeout=1)

            def features(listener):
                try:
                    return store.hgetall(listener)
                except Exception as error:
                    logging.warning('features %s', error)
                    FAILURES.inc()
                    return {}
            """,
        ),
        example(
            """
            import logging

            def number(text):
                try:
                    return [int(text)]
                except Exception:
                    logging.exception('number')
                    return []
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a broad handler around an outbound call that answers with an empty value and counts nothing."""
    broad = [one for one in node.handlers if is_broad(one, here)] if isinstance(node, ast.Try) else []
    if not broad or not isinstance(node, ast.Try) or not _calls_out(node, here):
        return
    for handler in broad:
        inside = [one for part in handler.body for one in _within(part)]
        answer = next(
            (one for one in inside if isinstance(one, ast.Return) and _is_empty(one.value, here)), None
        )
        if answer is not None and _says_more(handler) and not any(map(_tells, inside)):
            yield here.mark(answer, "a failure of any kind is answered with an empty result")


def _calls_out(node: ast.Try, here: Here) -> bool:
    return any(_is_outbound(one, here) for part in node.body for one in _within(part))


def _within(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    yield from body_of(node)


def _says_more(handler: ast.ExceptHandler) -> bool:
    """Whether the handler does anything besides; one that does not is GR106's."""
    return any(not isinstance(one, (ast.Return, ast.Pass)) for one in handler.body)


def _is_outbound(node: ast.AST, here: Here) -> bool:
    return isinstance(node, ast.Call) and any(one.startswith(_OUTBOUND) for one in here.meanings(node.func))


def _is_empty(value: ast.expr | None, here: Here) -> bool:
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        return not value.elts
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.Call):
        return not value.args and not value.keywords and here.name(value.func) in _EMPTY_CALLS
    return isinstance(value, ast.Constant) and value.value == ""


def _tells(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = called(node)[1].lower()
        return name in _COUNTING or "metric" in name or "degraded" in name
    return isinstance(node, ast.Raise)
