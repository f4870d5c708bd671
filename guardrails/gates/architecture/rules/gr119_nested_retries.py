"""Three attempts of three attempts are nine calls, and one more layer makes them twenty-seven."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Search, Symbol
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.retries import retrying
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import chain_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

WORDS = ("retry", "Retry", "backoff")

RULE = Rule(
    id="GR119",
    name="nested-retries",
    gate="architecture",
    summary="A retried function calls another one that is retried too.",
    why="Attempts multiply. When the dependency at the end fails, it gets the product of all limits in calls, "
    "and the request takes the product of all pauses.",
    remedy="Retry in one place, nearest to the caller that knows the deadline, and let failures pass the rest.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import stamina

            @stamina.retry(on=OSError, attempts=3)
            def fetch(key):
                return key

            @stamina.retry(on=OSError, attempts=3)
            def cards(keys):
                return [fetch(key) for key in keys]
            """,
        ),
        example(
            """
            import backoff

            @backoff.on_exception(backoff.expo, OSError, max_tries=3)
            async def fetch(key):
                return key

            async def both(key):
                return await fetch(key), await fetch(key + 1)

            @backoff.on_exception(backoff.expo, OSError, max_tries=3)
            async def cards(key):
                return await both(key)
            """,
        ),
        example(
            """
            import stamina
            from shop.client import fetch

            @stamina.retry(on=OSError, attempts=3)
            def cards(keys):
                return fetch(keys)
            """,
            more={
                "shop/__init__.py": "",
                "shop/client.py": """
                from tenacity import retry, stop_after_attempt, wait_random

                @retry(stop=stop_after_attempt(3), wait=wait_random(0, 1))
                def fetch(keys):
                    return keys
                """,
            },
        ),
    ),
    good=(
        example(
            """
            import stamina

            def fetch(key):
                return key

            @stamina.retry(on=OSError, attempts=3)
            def cards(keys):
                return [fetch(key) for key in keys]
            """,
        ),
        example(
            """
            import stamina

            @stamina.retry(on=OSError, attempts=3)
            def fetch(key):
                return key

            def cards(keys):
                return [fetch(key) for key in keys]
            """,
        ),
        example(
            """
            import stamina

            @stamina.retry(on=OSError, attempts=3)
            def fetch(key, depth=0):
                return key if depth else fetch(key, depth + 1)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every retried function of the module from which a run reaches another retried one."""
    graph = module.graph

    def retried(symbol: Symbol) -> bool:
        return retrying(graph.scope(symbol)) is not None

    def wanted(call: Call, meanings: tuple[str, ...]) -> bool:
        del call
        return any(retried(symbol) for one in meanings for symbol in graph.symbols(one))

    def stops(target: Symbol, call: Call) -> bool:
        del target, call
        return False

    for scope, one in enumerate(module.facts.scopes):
        if retrying(one) is None:
            continue
        for reached in graph.reached(module.symbol(scope), Search(RULE.id, wanted, stops)):
            last, call = reached.steps[-1]
            inner = [each for m in graph.meanings(last.module, call.name) for each in graph.symbols(m)]
            if module.symbol(scope) in inner:
                continue
            line = reached.steps[0][1].line
            message = f"`{one.name}` is retried and calls {inner[0].text}, which is retried too"
            yield Found(
                line, scope, message, f"retries {inner[0].text}", evidence=(chain_of(module, reached),)
            )
