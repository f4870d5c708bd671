"""Finds which functions a request runs, wherever they stand, and by which calls it gets there."""

import re
from collections.abc import Iterator, Mapping

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Graph, Symbol
from guardrails.gates.architecture.module import Module
from guardrails.gates.architecture.reaching.serving import runs_once, starts_of
from guardrails.model.frozen import frozen

_MOST_STEPS = 3
_NAME = re.compile(r":?[A-Za-z_][\w.]*\Z")
# Calls that run a function which they are given, at once or later: its name's place among the arguments.
_HANDING: Mapping[str, int | str] = {
    "asyncio.to_thread": 0,
    "anyio.to_thread.run_sync": 0,
    "starlette.concurrency.run_in_threadpool": 0,
    "fastapi.concurrency.run_in_threadpool": 0,
    "asgiref.sync.sync_to_async": 0,
    "threading.Thread": "target",
    "threading.Timer": 1,
    "multiprocessing.Process": "target",
}
_HANDING_METHODS = {
    "add_task": 0,
    "submit": 0,
    "run_in_executor": 1,
    "call_soon": 0,
    "call_soon_threadsafe": 0,
    "call_later": 1,
    "start_soon": 0,
    "add_done_callback": 0,
    "apply_async": 0,
}  # fmt: skip


@frozen
class Running:
    """A function that a request runs, with the calls that lead to it; none for a handler itself."""

    symbol: Symbol
    steps: tuple[tuple[Symbol, Call], ...]


def run_by_requests(module: Module) -> Iterator[Running]:
    """Yield every function that requests to the module run, once, by a shortest way; what is kept after the
    first time is left out."""
    graph = module.graph
    queue = [Running(symbol, steps) for symbol, steps in starts_of(module)]
    seen = {one.symbol for one in queue}
    for one in queue:
        yield one
        if len(one.steps) >= _MOST_STEPS:
            continue
        for call, _, targets in graph.edges(one.symbol):
            for target in (*targets, *handed(graph, one.symbol.module, call)):
                if target not in seen and not runs_once(graph, target):
                    seen.add(target)
                    queue.append(Running(target, (*one.steps, (one.symbol, call))))


def handed(graph: Graph, module: str, call: Call) -> Iterator[Symbol]:
    """Yield the functions that a call hands to a thread, a process, a task group or the event loop."""
    name = call.name
    place = _HANDING.get(name) or (_HANDING_METHODS.get(name.rpartition(".")[2]) if "." in name else None)
    if place is None and name not in _HANDING:
        return
    at = place or 0
    named = call.keyword(at) if isinstance(at, str) else call.keyword("func")
    given = call.arguments[at] if isinstance(at, int) and len(call.arguments) > at else named
    if given and _NAME.match(given):
        for meaning in graph.meanings(module, given):
            yield from graph.symbols(meaning)
