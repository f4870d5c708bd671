"""Functions that run though nobody there calls them: handed to a thread, a process, a loop or a framework."""

import re
from collections.abc import Iterator, Mapping

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Graph, Symbol
from guardrails.model.frozen import frozen

_NAME = r":?[A-Za-z_][\w.]*\Z"  # compiled when it is first used
# Calls that run a function which they are given, at once or later: its name's place among the arguments,
# and where it runs.
_HANDING: Mapping[str, tuple[int | str, str]] = {
    "asyncio.to_thread": (0, "a thread"),
    "anyio.to_thread.run_sync": (0, "a thread"),
    "starlette.concurrency.run_in_threadpool": (0, "a thread"),
    "fastapi.concurrency.run_in_threadpool": (0, "a thread"),
    "asgiref.sync.sync_to_async": (0, "a thread"),
    "threading.Thread": ("target", "a thread"),
    "threading.Timer": (1, "a thread"),
    "multiprocessing.Process": ("target", "a process"),
}
_HANDING_METHODS = {
    "add_task": (0, "a background task"),
    "submit": (0, "an executor"),
    "run_in_executor": (1, "an executor"),
    "call_soon": (0, "the event loop"),
    "call_soon_threadsafe": (0, "the event loop"),
    "call_later": (1, "the event loop"),
    "start_soon": (0, "a task group"),
    "add_done_callback": (0, "a task"),
    "apply_async": (0, "a pool"),
}  # fmt: skip
DEPENDS = frozenset(
    f"{module}.{name}"
    for module in ("fastapi", "fastapi.params", "fastapi.param_functions", "fast_depends")
    for name in ("Depends", "Security")
)
"""What a function's signature asks its framework to run first."""


@frozen
class Handed:
    """A function that a call hands on, and to what: `a thread`, `an executor`, ..."""

    symbol: Symbol
    to: str


def handed(graph: Graph, module: str, call: Call) -> Iterator[Handed]:
    """Yield the functions that a call hands to a thread, a process, a task group or the event loop."""
    name = call.name
    known = _HANDING.get(name) or (_HANDING_METHODS.get(name.rpartition(".")[2]) if "." in name else None)
    if known is None:
        return
    at, to = known
    named = call.keyword(at) if isinstance(at, str) else call.keyword("func")
    given = call.arguments[at] if isinstance(at, int) and len(call.arguments) > at else named
    for symbol in _named(graph, module, given):
        yield Handed(symbol, to)


def depended_on(graph: Graph, module: str, call: Call) -> Iterator[Symbol]:
    """Yield the functions that `call` asks the framework to run, where it is a `Depends(...)`."""
    if call.name in DEPENDS:
        for given in (*call.arguments[:1], call.keyword("dependency")):
            yield from _named(graph, module, given)


def _named(graph: Graph, module: str, given: str | None) -> Iterator[Symbol]:
    if given and re.match(_NAME, given):
        for meaning in graph.meanings(module, given):
            yield from graph.symbols(meaning)
