"""A dependency without a breaker takes its callers along when it fails."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_POLICY = "breakers: {httpx.AsyncClient().: [shop.breakers.breaker, shop.breakers.guarded]}\n"
NEEDS = ("breakers in policy",)

RULE = Rule(
    id="GR128",
    name="unguarded-dependency",
    gate="architecture",
    summary="A call to a dependency has none of the breakers around it that policy wants.",
    why="When the dependency hangs, every request waits its whole timeout and holds what it holds. A breaker "
    "answers at once instead and lets the fallback serve; a call past it undoes that for everybody.",
    remedy="Make the call inside one of the breakers that `breakers` in policies/architecture.yaml names.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import httpx

            async def fetch(client: httpx.AsyncClient):
                return await client.get('/cards')
            """,
            policy=_POLICY,
        ),
        example(
            """
            import httpx
            from shop.other import guarded

            @guarded
            async def fetch(client: httpx.AsyncClient):
                return await client.post('/cards')
            """,
            policy=_POLICY,
        ),
        example(
            """
            import httpx
            from shop.breakers import breaker

            async def fetch(client: httpx.AsyncClient):
                async def inner():
                    return await client.get('/cards')
                return await inner()

            @breaker
            async def other(client):
                return client
            """,
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            import httpx
            from shop.breakers import guarded

            @guarded
            async def fetch(client: httpx.AsyncClient):
                return await client.get('/cards')
            """,
            policy=_POLICY,
        ),
        example(
            """
            import httpx
            from shop.breakers import breaker

            async def fetch(client: httpx.AsyncClient):
                async with breaker('cards'):
                    return await client.get('/cards')
            """,
            policy=_POLICY,
        ),
        example(
            """
            import httpx

            async def fetch(client: httpx.AsyncClient):
                return await client.get('/cards')
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every call to a guarded dependency in a function without one of its guards."""
    for prefix, guards in module.settings.breakers.items():
        for call in module.facts.calls:
            meanings = module.graph.meanings(module.name, call.name)
            if any(one == prefix or one.startswith(prefix) for one in meanings) and not _has(
                module, call, guards
            ):
                yield Found(
                    call.line,
                    call.scope,
                    f"{call.name.lstrip(':?')} is called without any of {', '.join(guards)} around it",
                    call.text,
                )


def _has(module: Module, call: Call, guards: tuple[str, ...]) -> bool:
    """Whether a guard decorates a function around the call, or is called in the same function."""
    facts, scope = module.facts, call.scope
    here = facts.function_of(scope)
    names = [one.name for one in facts.calls if facts.function_of(one.scope) == here]
    while scope > 0:
        names += [one.name for one in facts.scopes[scope].decorators]
        scope = facts.scopes[scope].parent
    found = {
        meaning.replace(":", ".") for name in names for meaning in module.graph.meanings(module.name, name)
    }
    return any(
        one == guard or one.startswith((f"{guard}.", f"{guard}()")) for one in found for guard in guards
    )
