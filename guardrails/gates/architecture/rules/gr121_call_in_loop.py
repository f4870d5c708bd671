"""One query per item makes the answer's time grow with the answer: the N+1 of every slow page."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call, Flag
from guardrails.analysis.code.graph import Graph, Reached, Search, Symbol
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.outbound import outbound
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import chain_of
from guardrails.gates.architecture.reaching.serving import starts_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_MOST_STEPS = 4
_MOST_FURTHER = 2
NEEDS = ("serving",)

RULE = Rule(
    id="GR121",
    name="call-in-loop",
    gate="architecture",
    summary="A request makes a query or an outbound call for every item of a collection.",
    why="Each call takes a round trip. Ten items are ten round trips one after the other, and a customer with "
    "a thousand items waits a hundred times as long as the test did.",
    remedy="Ask once for all items: `WHERE id = ANY(...)`, `MGET`, a batch endpoint, or one bounded gather.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            from fastapi import FastAPI
            from sqlalchemy.orm import Session

            app = FastAPI()

            @app.get('/cards')
            def cards(db: Session, keys: list[int]):
                found = []
                for key in keys:
                    found.append(db.execute('select 1'))
                return found
            """,
        ),
        example(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()

            async def fetch(client: httpx.AsyncClient, key):
                return await client.get(f'/cards/{key}')

            @app.get('/cards')
            async def cards(client: httpx.AsyncClient, keys: list[int]):
                return [await fetch(client, key) for key in keys]
            """,
        ),
        example(
            """
            from fastapi import FastAPI
            from shop.store import features

            app = FastAPI()

            @app.get('/rank')
            async def rank(users: list[str]):
                return await features(users)
            """,
            more={
                "shop/__init__.py": "",
                "shop/store.py": """
                import redis.asyncio as redis

                cache = redis.Redis(host='cache', socket_timeout=1)

                async def features(users):
                    return {user: await cache.get(user) for user in users}
                """,
            },
        ),
    ),
    good=(
        example(
            """
            from fastapi import FastAPI
            from sqlalchemy.orm import Session

            app = FastAPI()

            @app.get('/cards')
            def cards(db: Session, keys: list[int]) -> list[str]:
                return [str(row) for row in db.execute('select 1', keys)]
            """,
        ),
        example(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            async def cards(client: httpx.AsyncClient) -> list[str]:
                for attempt in range(2):
                    answer = await client.get('/cards')
                    if answer.is_success:
                        return [answer.text]
                return []
            """,
        ),
        example(
            """
            from sqlalchemy.orm import Session

            def migrate(db: Session, rows):
                for row in rows:
                    db.execute('update', row)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every call in a loop over data by which requests to the module reach another system."""
    graph = module.graph

    def wanted(call: Call, meanings: tuple[str, ...]) -> bool:
        return bool(call.flags & Flag.EACH) and _leaving(graph, meanings) is not None

    search = Search(RULE.id, wanted, _never)
    for reached in graph.reached_by_any(starts_of(module), search):
        if len(reached.steps) <= _MOST_STEPS:
            yield _fault(module, reached)


def _fault(module: Module, reached: Reached) -> Found:
    first, (last, call) = reached.steps[0][0], reached.steps[-1]
    name = _leaving(module.graph, module.graph.meanings(last.module, call.name))
    message = f"`{last.name}` calls {name} for every item of a loop"
    if len(reached.steps) == 1:
        return Found(call.line, first.scope, message, call.text)
    chain = chain_of(module, reached)
    place = next((one for one in reversed(chain.steps) if one.path in module.changed), chain.steps[0])
    subject = f"{call.text} in {last.text}"
    message += f", reached from `{first.name or first.module}`"
    return Found(
        place.line,
        0,
        message,
        subject,
        None,
        (chain,),
        place.path,
    )


def _leaving(graph: Graph, meanings: tuple[str, ...]) -> str | None:
    """Return the call's name when it leaves the process itself or within two functions further."""
    direct = outbound(meanings)
    if direct:
        return direct

    def wanted(call: Call, meanings: tuple[str, ...]) -> bool:
        del call
        return outbound(meanings) is not None

    for symbol in (one for meaning in meanings for one in graph.symbols(meaning)):
        for reached in graph.reached(symbol, Search(f"{RULE.id} leaving", wanted, _never)):
            if len(reached.steps) <= _MOST_FURTHER:
                return f"{symbol.text}, which makes {reached.call.name.lstrip(':?')},"
    return None


def _never(target: Symbol, call: Call) -> bool:
    del target, call
    return False
