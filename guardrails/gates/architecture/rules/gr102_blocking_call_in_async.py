"""A blocking call in async code stops every request of the process, not only its own.

ruff's ASYNC rules see such a call when it stands in the async function itself. This one follows
the calls: through helpers, other files, constructors and inherited methods.
"""

from collections.abc import Iterator

from guardrails.analysis.code.graph import Search
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.loop.blocking import remedy_for
from guardrails.gates.architecture.knowledge.requests import is_lifespan
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import text_of
from guardrails.gates.architecture.reaching.loop import blocking_faults, blocking_search
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NEEDS = ("async",)

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
    """Yield every blocking call that an async function of the module reaches, start-up left to GR110."""
    for scope, one in enumerate(module.facts.scopes):
        if one.kind == "async" and not is_lifespan(module.facts, scope):
            yield from blocking_faults(module, scope)


def spreads(module: Module) -> Iterator[str]:
    """Yield what plain functions of the module, and names it hands on, reach that blocks."""
    search = blocking_search(module)
    for scope, one in enumerate(module.facts.scopes):
        if one.kind in {"function", "lambda"}:
            for reached in module.graph.reached(module.symbol(scope), search):
                yield f"{one.name} {text_of(reached)}"
    for name in module.facts.exports:
        yield from _handed_on(module, name, search)


def _handed_on(module: Module, name: str, search: Search) -> Iterator[str]:
    meanings = module.graph.meanings(module.name, f":{name}")
    named = remedy_for(meanings, module.settings.blocking)
    if named:
        yield f"{name} {named[0]}"
    for symbol in (one for meaning in meanings for one in module.graph.symbols(meaning)):
        if symbol.module != module.name:
            for reached in module.graph.reached(symbol, search):
                yield f"{name} {symbol.text} {text_of(reached)}"
