"""One call of gather over what a caller sent is as many calls at once as the caller likes."""

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from guardrails.analysis.code.graph import Graph, Symbol
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.spelling import method_of
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.marks import Here

NODES = ("Call",)
CALLED = frozenset({"gather"})
_BOUNDED = (
    r"(?i).*(semaphore|_sem\b|\bsem\b|limit|bounded|throttle|chunk|batch|page|slots?\b|window|\[[^\]]*:)"
)
# What is waited for or ended runs already, so that as many more tasks load nobody.
_ENDING = frozenset(
    {"wait", "join", "kill", "stop", "close", "aclose", "cancel", "shutdown", "disconnect", "terminate"}
    | {"async_stop", "async_close", "wait_closed", "teardown"}
)
NEEDS = ("marks",)

RULE = Rule(
    id="GR131",
    name="unbounded-gather",
    gate="architecture",
    summary="asyncio.gather starts as many tasks as a collection happens to hold.",
    why="Ten items are ten connections at once, ten thousand are ten thousand: the other side sheds them, the "
    "pool runs dry, and memory grows with the request. Nothing says where it ends.",
    remedy="Take an `asyncio.Semaphore` inside each task, or gather slices of bounded size.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import asyncio

            async def fetch_all(fetch, keys):
                return await asyncio.gather(*[fetch(key) for key in keys])
            """,
        ),
        example(
            """
            from asyncio import gather

            async def fetch_all(fetch, keys):
                return await gather(*(fetch(key) for key in keys), return_exceptions=True)
            """,
        ),
        example(
            """
            import asyncio

            async def fetch(key):
                return key

            async def fetch_all(keys):
                return await asyncio.gather(*map(fetch, keys))
            """,
        ),
    ),
    good=(
        example(
            """
            import asyncio

            async def both(fetch, one, other):
                return await asyncio.gather(fetch(one), fetch(other))
            """,
        ),
        example(
            """
            import asyncio

            async def fetch_all(fetch, keys):
                gate = asyncio.Semaphore(8)

                async def one(key):
                    async with gate:
                        return await fetch(key)

                return await asyncio.gather(*[one(key) for key in keys])
            """,
        ),
        example(
            """
            import asyncio

            async def fetch_all(fetch, keys):
                for start in range(0, len(keys), 8):
                    await asyncio.gather(*[fetch(key) for key in keys[start:start + 8]])
            """,
        ),
        example(
            """
            import asyncio

            async def fetch_all(fetch):
                return await asyncio.gather(*[fetch(kind) for kind in ('lyrics', 'credits')])
            """,
        ),
    ),
)


def marks_in(node: ast.Call, here: "Here") -> "Iterator[Mark]":
    """Yield gathers over a collection whose size the code does not bound."""
    starred = [one.value for one in node.args if isinstance(one, ast.Starred)]
    if not starred or "asyncio.gather" not in here.meanings(node.func):
        return
    for one in starred:
        called = _element(one)
        if called is not None and method_of(called)[1] not in _ENDING:
            names = tuple(here.meanings(called))
            yield here.mark(node, "asyncio.gather starts a task for every item of a collection", names=names)


def _element(value: ast.expr) -> ast.expr | None:
    """Return what is called for each item of an unbounded collection; None where there is a bound."""
    if isinstance(value, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        over = [one.iter for one in value.generators]
        if all(map(_is_constant, over)) or re.match(_BOUNDED, ast.unparse(value)):
            return None
        return value.elt.func if isinstance(value.elt, ast.Call) else value.elt
    is_map = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "map"
    if not is_map or not isinstance(value, ast.Call) or re.match(_BOUNDED, ast.unparse(value)):
        return None
    return None if all(map(_is_constant, value.args[1:])) else value.args[0]


def _is_constant(value: ast.expr) -> bool:
    if isinstance(value, (ast.Tuple, ast.List, ast.Set, ast.Dict)):
        return True
    if isinstance(value, ast.Name):
        return value.id.isupper()
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "range":
        return all(isinstance(one, ast.Constant) or _is_constant(one) for one in value.args)
    return isinstance(value, ast.Call) and any(map(_is_constant, value.args[:1]))


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marked gathers whose tasks take no semaphore of their own."""
    graph = module.graph
    for one in module.marks(RULE.id):
        targets = [
            symbol
            for name in one.names
            for meaning in graph.meanings(module.name, name)
            for symbol in graph.symbols(meaning)
        ]
        if not any(re.match(_BOUNDED, name) for symbol in targets for name in _names_in(graph, symbol)):
            yield one


def _names_in(graph: Graph, symbol: Symbol) -> Iterator[str]:
    facts = graph.facts(symbol.module)
    yield from (one.name for one in facts.calls if one.scope == symbol.scope)
    yield from (one.text for one in facts.references if one.scope == symbol.scope)
