"""Follows calls from a function to what it must not reach, and tells it as one fault with its chain."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from guardrails.analysis.code.facts import Call, Flag
from guardrails.analysis.code.graph import Graph, Reached, Search, Symbol
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.evidence import CallChain, Step

T = TypeVar("T")
_OFFLOADING = ("thread", "executor", "async", "task")


def leaves_the_loop(graph: Graph, target: Symbol, call: Call) -> bool:
    """Whether entering `target` by `call` does not run it on the event loop here and now.

    An async function is judged on its own. An awaited call of a decorated plain function is one
    that the decorator makes awaitable, usually in a thread.
    """
    scope = graph.scope(target)
    if scope.kind == "async":
        return True
    decorators = " ".join(one.name for one in scope.decorators).lower()
    return bool(call.flags & Flag.AWAITED and scope.decorators) or any(
        one in decorators for one in _OFFLOADING
    )


def reached_from(module: Module, scope: int, search: Search) -> Iterator[Reached]:
    """Yield the wanted calls that a run of one of the module's scopes reaches, direct ones too."""
    return module.graph.reached(module.symbol(scope), search)


def by_root(
    found: Iterable[Reached], named: Callable[[Reached], tuple[str, T] | None]
) -> Iterator[tuple[Reached, tuple[str, T]]]:
    """Yield what was reached with its name and what belongs to it: every direct call, and of what
    another function does with one library the first call only, since mending that function mends all."""
    seen = set()
    for reached in found:
        name = named(reached)
        if name is None:
            continue
        root = (reached.steps[-1][0], name[0].partition(".")[0])
        if len(reached.steps) == 1 or root not in seen:
            seen.add(root)
            yield reached, name


def chain_of(module: Module, reached: Reached) -> CallChain:
    """Return the way from the function to the call as evidence."""
    paths = module.graph.modules.by_name
    return CallChain(
        tuple(
            Step(f"{symbol.text} calls {call.name.lstrip(':?')}", paths[symbol.module], call.line)
            for symbol, call in reached.steps
        )
    )


def fault_of(module: Module, scope: int, reached: Reached, message: str, remedy: str) -> Found:
    """Return the fault; a chain's stands in the last changed file on it, so that the change's author sees it."""
    chain = chain_of(module, reached)
    if len(reached.steps) == 1:
        return Found(reached.call.line, scope, message, reached.call.text, remedy)
    place = next((one for one in reversed(chain.steps) if one.path in module.changed), chain.steps[0])
    return Found(place.line, scope, message, text_of(reached), remedy, (chain,), place.path)


def way_of(reached: Reached) -> str:
    """Return the chain's functions as one readable phrase, without the first."""
    return " -> ".join(symbol.text for symbol, _ in reached.steps[1:])


def text_of(reached: Reached) -> str:
    """Return the call at the end and the function that makes it, as one text without line numbers."""
    return f"{reached.call.text} in {reached.steps[-1][0].text}"
