"""Timeouts of single calls add up; only one deadline bounds the request."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Graph, Reached, Search, Symbol
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.outbound import outbound
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import by_root, fault_of, way_of
from guardrails.gates.architecture.reaching.serving import starts_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_POLICY = "deadlines: [asyncio.timeout, shop.deadline.within]\n"
NEEDS = ("deadlines in policy", "serving")

RULE = Rule(
    id="GR129",
    name="outbound-call-without-deadline",
    gate="architecture",
    summary="A request makes an outbound call outside of any deadline.",
    why="Three calls with a second each are three seconds, and with retries nine. The caller gave up long ago, "
    "and the work that nobody waits for keeps the service busy.",
    remedy="Make the call inside one of the calls that `deadlines` in policies/architecture.yaml names.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            async def cards(client: httpx.AsyncClient):
                return (await client.get('/cards')).json()
            """,
            policy=_POLICY,
        ),
        example(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()

            async def fetch(client: httpx.AsyncClient):
                return await client.get('/cards')

            @app.get('/cards')
            async def cards(client: httpx.AsyncClient):
                return await fetch(client)
            """,
            policy=_POLICY,
        ),
        example(
            """
            import redis.asyncio as redis
            from fastapi import APIRouter, Depends

            router = APIRouter()
            store = redis.Redis(host='cache', socket_timeout=1)

            async def listener():
                return await store.hgetall('a')

            @router.get('/cards')
            async def cards(one=Depends(listener)):
                return one
            """,
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            import asyncio, httpx
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            async def cards(client: httpx.AsyncClient) -> str:
                async with asyncio.timeout(0.2):
                    return (await client.get('/cards')).text
            """,
            policy=_POLICY,
        ),
        example(
            """
            import httpx
            from fastapi import FastAPI
            from shop.deadline import within

            app = FastAPI()

            async def fetch(client: httpx.AsyncClient):
                return await client.get('/cards')

            @app.get('/cards')
            async def cards(client: httpx.AsyncClient) -> str:
                async with within(0.2):
                    return (await fetch(client)).text
            """,
            policy=_POLICY,
        ),
        example(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            async def cards(client: httpx.AsyncClient) -> str:
                return (await client.get('/cards')).text
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every outbound call that requests to the module reach without passing a deadline."""
    deadlines, graph = module.settings.deadlines, module.graph
    if not deadlines:
        return

    def wanted(call: Call, meanings: tuple[str, ...]) -> bool:
        del call
        return outbound(meanings) is not None

    def stops(target: Symbol, call: Call) -> bool:
        del call
        return _is_bounded(graph, target, deadlines)

    def sink(reached: Reached) -> tuple[str, None] | None:
        last, call = reached.steps[-1]
        name = outbound(graph.meanings(last.module, call.name))
        return (name, None) if name else None

    starts = [one for one in starts_of(module) if not _is_bounded(graph, one[0], deadlines)]
    for reached, (name, _) in by_root(graph.reached_by_any(starts, Search(RULE.id, wanted, stops)), sink):
        first = reached.steps[0][0]
        is_direct = len(reached.steps) == 1
        way = "" if is_direct else f", through {way_of(reached)}"
        message = f"`{first.name or first.module}` waits for {name} under no deadline{way}"
        yield fault_of(module, first.scope if is_direct else 0, reached, message, RULE.remedy)


def _is_bounded(graph: Graph, symbol: Symbol, deadlines: tuple[str, ...]) -> bool:
    held = (*(call for call, _, _ in graph.edges(symbol)), *graph.scope(symbol).decorators)
    meanings = (one for call in held for one in graph.meanings(symbol.module, call.name))
    return any(one.replace(":", ".") in deadlines for one in meanings)
