"""Finds what holds the event loop: calls that an async function reaches without leaving the loop."""

from collections.abc import Iterator
from functools import partial

from guardrails.analysis.code.facts import Call, Flag
from guardrails.analysis.code.graph import Reached, Search
from guardrails.gates.architecture.knowledge.loop import heavy
from guardrails.gates.architecture.knowledge.loop.blocking import is_impatient, remedy_for
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import (
    by_root,
    fault_of,
    leaves_the_loop,
    reached_from,
    way_of,
)


def blocking_search(module: Module) -> Search:
    """Return the search for calls that wait while they hold the loop."""

    def blocks(call: Call, meanings: tuple[str, ...]) -> bool:
        if call.flags & Flag.AWAITED or remedy_for(meanings, module.settings.blocking) is None:
            return False
        return not is_impatient(call)

    return Search("blocking", blocks, partial(leaves_the_loop, module.graph))


def blocking_faults(module: Module, scope: int) -> Iterator[Found]:
    """Yield the blocking calls that an async function reaches, one for each function that makes them."""

    def sink(reached: Reached) -> tuple[str, str] | None:
        last, call = reached.steps[-1]
        return remedy_for(module.graph.meanings(last.module, call.name), module.settings.blocking)

    for reached, (name, instead) in by_root(reached_from(module, scope, blocking_search(module)), sink):
        yield _fault(module, scope, reached, f"{name}, which blocks the event loop", instead)


def heavy_search(module: Module) -> Search:
    """Return the search for calls that compute while they hold the loop."""

    def computes(call: Call, meanings: tuple[str, ...]) -> bool:
        return not call.flags & Flag.AWAITED and heavy.remedy_for(meanings, module.settings.heavy) is not None

    return Search("heavy", computes, partial(leaves_the_loop, module.graph))


def heavy_faults(module: Module, scope: int) -> Iterator[Found]:
    """Yield the heavy calls that an async function reaches, one for each function that makes them."""

    def sink(reached: Reached) -> tuple[str, str] | None:
        last, call = reached.steps[-1]
        return heavy.remedy_for(module.graph.meanings(last.module, call.name), module.settings.heavy)

    for reached, (name, instead) in by_root(reached_from(module, scope, heavy_search(module)), sink):
        yield _fault(module, scope, reached, f"{name}, which keeps the event loop computing", instead)


def _fault(module: Module, scope: int, reached: Reached, what: str, instead: str) -> Found:
    entry = module.facts.scopes[scope].name
    verb, way = ("calls", "") if len(reached.steps) == 1 else ("reaches", f", through {way_of(reached)}")
    message = f"async `{entry}` {verb} {what}{way}"
    return fault_of(module, scope, reached, message, f"{instead[:1].upper()}{instead[1:]}.")
