"""A request that was carried out and lost its answer is carried out twice when it is sent again."""

from collections.abc import Iterable, Iterator

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Graph, Reached, Search, Symbol
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.outbound import HTTP_CALLS
from guardrails.gates.architecture.knowledge.retries import retrying
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import fault_of, way_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_MOST_STEPS = 2  # what lies further away is seldom all that the retried function does
WORDS = ("retry", "Retry", "backoff")

RULE = Rule(
    id="GR118",
    name="retry-of-non-idempotent-call",
    gate="architecture",
    summary="A retried function sends POST or PATCH without an idempotency key.",
    why="A timeout does not say that nothing happened. Sent again, an order is placed twice, an event counted "
    "twice, a card charged twice.",
    remedy="Send an `Idempotency-Key` that is made once outside the retry, or retry only GET, PUT and DELETE.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import httpx
            from tenacity import retry, stop_after_attempt, wait_random_exponential

            @retry(stop=stop_after_attempt(3), wait=wait_random_exponential(max=2))
            def order(card):
                return httpx.post('http://shop/orders', json=card)
            """,
        ),
        example(
            """
            import backoff, requests

            def send(card):
                return requests.patch('http://shop/orders', json=card, timeout=1)

            @backoff.on_exception(backoff.expo, OSError, max_tries=3)
            def order(card):
                return send(card)
            """,
        ),
        example(
            """
            import httpx, stamina

            @stamina.retry(on=httpx.HTTPError, attempts=3)
            async def order(client: httpx.AsyncClient, card):
                return await client.post('http://shop/orders', json=card)
            """,
        ),
    ),
    good=(
        example(
            """
            import httpx, stamina

            @stamina.retry(on=httpx.HTTPError, attempts=3)
            async def card(client: httpx.AsyncClient, key):
                return await client.get('http://shop/cards', params={'key': key})
            """,
        ),
        example(
            """
            import httpx, stamina

            @stamina.retry(on=httpx.HTTPError, attempts=3)
            async def order(client: httpx.AsyncClient, card, key):
                return await client.post('http://shop/orders', json=card, headers={'Idempotency-Key': key})
            """,
        ),
        example(
            """
            import httpx

            def order(card):
                return httpx.post('http://shop/orders', json=card)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every POST and PATCH that a retried function of the module makes or reaches."""
    graph = module.graph

    def wanted(call: Call, meanings: tuple[str, ...]) -> bool:
        del call
        return _changing(meanings) is not None

    def stops(target: Symbol, call: Call) -> bool:
        del call
        return _has_key(graph, target)

    for scope, one in enumerate(module.facts.scopes):
        symbol = module.symbol(scope)
        if retrying(one) is None or _has_key(graph, symbol):
            continue
        for reached in graph.reached(symbol, Search(RULE.id, wanted, stops)):
            if len(reached.steps) <= _MOST_STEPS:
                yield _fault(module, scope, reached)


def _fault(module: Module, scope: int, reached: Reached) -> Found:
    last, call = reached.steps[-1]
    name = _changing(module.graph.meanings(last.module, call.name)) or call.name
    way = f", through {way_of(reached)}" if len(reached.steps) > 1 else ""
    message = f"`{module.facts.scopes[scope].name}` is retried and sends {name}{way}"
    return fault_of(module, scope, reached, message, RULE.remedy)


def _changing(meanings: Iterable[str]) -> str | None:
    return next((one for one in meanings if one in HTTP_CALLS and one.endswith((".post", ".patch"))), None)


def _has_key(graph: Graph, symbol: Symbol) -> bool:
    facts = graph.facts(symbol.module)
    return any("idempotency" in one.text.lower() for one in facts.strings if one.scope == symbol.scope)
