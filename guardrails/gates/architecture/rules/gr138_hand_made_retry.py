"""A loop that asks again after every failure keeps asking a dependency that is down, with all callers at once."""

import ast
from collections.abc import Iterator, Sequence

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here, body_of
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.outbound import outbound
from guardrails.gates.architecture.knowledge.shapes import called
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("While", "For")
_PAUSING = ("sleep", "wait", "backoff", "delay", "pause")
_LEAVING = (ast.Return, ast.Break)

RULE = Rule(
    id="GR138",
    name="hand-made-retry",
    gate="architecture",
    summary="A loop calls another system again after a failure without a limit, or without a pause.",
    why="When the dependency is down, the loop never ends or comes back at once: each request holds its worker and "
    "multiplies the load on what is already failing.",
    remedy="Use a retry library with a limit and a growing, random pause: tenacity's `stop_after_attempt(3)` and "
    "`wait_random_exponential(max=2)`; keep the sum under the request's deadline.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import requests

            def pay(order):
                while True:
                    try:
                        return requests.post('http://payments/charges', json=order, timeout=3)
                    except requests.RequestException:
                        pass
            """,
        ),
        example(
            """
            import httpx

            async def card(client: httpx.AsyncClient):
                for attempt in range(5):
                    try:
                        answer = await client.get('http://cards/1')
                        break
                    except httpx.HTTPError:
                        continue
                return answer
            """,
        ),
        example(
            """
            import logging
            import time
            import requests

            def stock(sku):
                while True:
                    try:
                        answer = requests.get(f'http://stock/{sku}', timeout=3)
                    except OSError:
                        logging.warning('no stock of %s yet', sku)
                        time.sleep(1)
                    else:
                        return answer.json()
            """,
        ),
    ),
    good=(
        example(
            """
            import time
            import requests

            def stock(sku):
                for attempt in range(3):
                    try:
                        return requests.get(f'http://stock/{sku}', timeout=3)
                    except OSError:
                        time.sleep(2**attempt)
                return None
            """,
        ),
        example(
            """
            import requests

            def stock(sku):
                attempts = 0
                while True:
                    try:
                        return requests.get(f'http://stock/{sku}', timeout=3)
                    except OSError:
                        attempts += 1
                        if attempts > 2:
                            raise
            """,
        ),
        example(
            """
            import logging
            import redis

            def work(store: redis.Redis):
                while True:
                    try:
                        print(store.get('next'))
                    except redis.ConnectionError:
                        logging.warning('the store is away')
            """,
        ),
        example(
            """
            import requests

            def first_of(urls):
                for url in urls:
                    try:
                        return requests.get(url, timeout=3)
                    except OSError:
                        continue
                return None
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a loop whose body leaves it after a call to another system, and otherwise begins again."""
    endless = isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and bool(node.test.value)
    counted = isinstance(node, ast.For) and here.name(getattr(node.iter, "func", None)) == "builtins.range"
    if not endless and not counted:
        return
    for tried in (one for one in body_of(node) if isinstance(one, ast.Try)):
        name = next(filter(None, (outbound(here.meanings(one.func)) for one in _calls(tried.body))), None)
        if name is None or not _leaves([*tried.body, *tried.orelse]) or any(map(_ends, tried.handlers)):
            continue
        if endless:
            yield here.mark(node, f"{name} is called again after every failure, without an end")
        elif not any(_pauses(one, here) for one in _calls([node])):
            yield here.mark(node, f"{name} is called again after a failure, without a pause")


def _calls(nodes: Sequence[ast.AST]) -> Iterator[ast.Call]:
    for node in nodes:
        yield from (one for one in (node, *body_of(node)) if isinstance(one, ast.Call))


def _leaves(nodes: Sequence[ast.AST]) -> bool:
    return any(isinstance(one, _LEAVING) for node in nodes for one in (node, *body_of(node)))


def _ends(handler: ast.ExceptHandler) -> bool:
    """Whether some way through the handler leaves the loop."""
    return any(isinstance(one, ast.Raise | ast.Return | ast.Break) for one in body_of(handler))


def _pauses(call: ast.Call, here: Here) -> bool:
    name = f"{here.name(call.func)} {called(call)[1]}".lower()
    return any(word in name for word in _PAUSING)
