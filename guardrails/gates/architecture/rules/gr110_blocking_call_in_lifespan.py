"""A lifespan may block, for nobody waits yet; but a start that hangs keeps a replica out of service."""

from collections.abc import Iterator

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.requests import is_lifespan
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.loop import blocking_faults
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NEEDS = ("async",)

RULE = Rule(
    id="GR110",
    name="blocking-call-in-lifespan",
    gate="architecture",
    summary="Start-up or shutdown of an async service reaches a call that blocks.",
    why="Before the first request a blocking call delays nobody but the start itself. It still keeps the "
    "readiness probe, a signal to stop and every other start-up task waiting, and at shutdown it eats the "
    "time in which open requests could end.",
    remedy="Hand the call to `await asyncio.to_thread(...)`, with a bound on how long it may take.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import subprocess
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def lifespan(app):
                subprocess.run(['migrate'], check=True, timeout=9)
                yield
            """,
        ),
        example(
            """
            import time
            from fastapi import FastAPI

            app = FastAPI()

            @app.on_event('startup')
            async def warm():
                time.sleep(1)
            """,
        ),
        example(
            """
            import requests

            def register():
                requests.put('http://registry/me', timeout=1)

            async def on_startup(app):
                register()
            """,
        ),
    ),
    good=(
        example(
            """
            import asyncio, subprocess
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def lifespan(app):
                await asyncio.to_thread(subprocess.run, ['migrate'], check=True, timeout=9)
                yield
            """,
        ),
        example(
            """
            import time

            def on_startup():
                time.sleep(1)
            """,
        ),
        example(
            """
            import httpx
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def lifespan(app):
                async with httpx.AsyncClient() as client:
                    yield {'client': client}
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every blocking call that an async start-up or shutdown of the module reaches."""
    for scope, one in enumerate(module.facts.scopes):
        if one.kind == "async" and is_lifespan(module.facts, scope):
            yield from blocking_faults(module, scope)
