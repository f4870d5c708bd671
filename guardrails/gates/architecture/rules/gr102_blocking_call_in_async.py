"""A blocking call in async code stops every request of the process, not only its own.

ruff's ASYNC rules see such a call when it stands in the async function itself. This one follows
the calls: through helpers, other files, constructors and inherited methods.
"""

from collections.abc import Iterator
from functools import partial

from guardrails.analysis.code.facts import Call, Flag
from guardrails.analysis.code.graph import Reached, Search
from guardrails.gates.architecture.blocking import remedy_for
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reach import fault_of, leaves_the_loop, reached_from, text_of, way_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

RULE = Rule(
    id="GR102",
    name="blocking-call-in-async",
    gate="architecture",
    summary="Async code reaches a call that blocks the event loop.",
    why="An event loop runs one thing at a time. While a sleep, a synchronous HTTP call, a query or a child "
    "process holds it, every other request of the process waits, health checks included. Hiding the call "
    "in a helper changes nothing.",
    remedy="Use the async form of the call and await it, or hand the call to `await asyncio.to_thread(...)`.",
    effect=Effect.BLOCK,
    bad=(
        example(
            """
            import time

            async def handler():
                time.sleep(1)
            """,
        ),
        example(
            """
            import requests

            async def handler(url):
                return requests.get(url, timeout=2).json()
            """,
        ),
        example(
            """
            import httpx

            async def handler(client: httpx.Client):
                return client.get('/x')
            """,
        ),
        example(
            """
            import subprocess

            async def handler():
                subprocess.run(['ls'], check=True)
            """,
        ),
        example(
            """
            import time

            def wait():
                time.sleep(1)

            def score():
                wait()

            async def handler():
                score()
            """,
        ),
        example(
            """
            from store import Store

            async def handler():
                return Store().read()
            """,
            more={
                "store.py": """
                import sqlite3

                class Store:
                    def __init__(self):
                        self.db = sqlite3.connect('x')

                    def read(self):
                        return self.db.execute('select 1')
                """,
            },
        ),
    ),
    good=(
        example(
            """
            import asyncio

            async def handler():
                await asyncio.sleep(1)
            """,
        ),
        example(
            """
            import asyncio, time

            async def handler():
                await asyncio.to_thread(time.sleep, 1)
            """,
        ),
        example(
            """
            import time

            def handler():
                time.sleep(1)
            """,
        ),
        example(
            """
            import time

            async def handler(loop):
                def work():
                    time.sleep(1)
                await loop.run_in_executor(None, work)
            """,
        ),
        example(
            """
            import httpx

            async def handler(client: httpx.AsyncClient):
                return await client.get('/x')
            """,
        ),
        example(
            """
            import redis.asyncio as redis

            async def handler():
                return await redis.Redis(socket_timeout=1).get('x')
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every blocking call that an async function of the module reaches."""
    for scope, one in enumerate(module.facts.scopes):
        if one.kind == "async":
            for reached in reached_from(module, scope, _search(module)):
                yield _fault(module, scope, reached)


def spreads(module: Module) -> Iterator[str]:
    """Yield what plain functions of the module, and names it hands on, reach that blocks."""
    for scope, one in enumerate(module.facts.scopes):
        if one.kind in {"function", "lambda"}:
            for reached in reached_from(module, scope, _search(module)):
                yield f"{one.name} {text_of(reached)}"
    for name in module.facts.exports:
        yield from _handed_on(module, name)


def _handed_on(module: Module, name: str) -> Iterator[str]:
    meanings = module.graph.meanings(module.name, f":{name}")
    named = remedy_for(meanings, module.settings.blocking)
    if named:
        yield f"{name} {named[0]}"
    for symbol in (one for meaning in meanings for one in module.graph.symbols(meaning)):
        if symbol.module != module.name:
            for reached in module.graph.reached(symbol, _search(module)):
                yield f"{name} {symbol.text} {text_of(reached)}"


def _search(module: Module) -> Search:
    def blocks(call: Call, meanings: tuple[str, ...]) -> bool:
        return not call.flags & Flag.AWAITED and remedy_for(meanings, module.settings.blocking) is not None

    return Search(RULE.id, blocks, partial(leaves_the_loop, module.graph))


def _fault(module: Module, scope: int, reached: Reached) -> Found:
    last, call = reached.steps[-1]
    named = remedy_for(module.graph.meanings(last.module, call.name), module.settings.blocking)
    name, instead = named if named else (call.name, RULE.remedy)
    entry = module.facts.scopes[scope].name
    if len(reached.steps) == 1:
        return fault_of(
            module,
            scope,
            reached,
            f"async `{entry}` calls {name}, which blocks the event loop",
            _sentence(instead),
        )
    message = f"async `{entry}` reaches {name}, which blocks the event loop, through {way_of(reached)}"
    return fault_of(module, scope, reached, message, _sentence(instead))


def _sentence(remedy: str) -> str:
    return f"{remedy[:1].upper()}{remedy[1:]}."
