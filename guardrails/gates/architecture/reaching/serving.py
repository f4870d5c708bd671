"""Finds what requests run: everything that a handler or a dependency reaches, on whatever thread."""

from collections.abc import Callable, Iterable, Iterator

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Graph, Reached, Search, Symbol
from guardrails.gates.architecture.knowledge.requests import entries
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import by_root, fault_of, way_of
from guardrails.model.frozen import frozen
from guardrails.model.rule import Rule

# What lies further away is mostly made once, behind conditions that names do not tell.
_MOST_STEPS = 3
_ONCE = ("cache", "once", "singleton", "memo")


@frozen
class Unwanted:
    """What a request must not do. `named` names such a call by its meanings, `says` makes the message
    of the handler's and the call's name. With `only_plain` async handlers are another rule's; with
    `unless_kept` a function may do it whose module or object keeps what was made."""

    rule: Rule
    named: Callable[[Iterable[str]], str | None]
    says: Callable[[str, str], str]
    only_plain: bool = False
    unless_kept: bool = False


def request_faults(module: Module, unwanted: Unwanted) -> Iterator[Found]:
    """Yield what requests to the module reach and must not, once a cause."""
    graph = module.graph

    def wanted(call: Call, meanings: tuple[str, ...]) -> bool:
        del call
        return unwanted.named(meanings) is not None

    def sink(reached: Reached) -> tuple[str, None] | None:
        last, call = reached.steps[-1]
        name = unwanted.named(graph.meanings(last.module, call.name))
        is_spared = name is not None and unwanted.unless_kept and _is_kept(graph, last, name)
        return None if name is None or is_spared else (name, None)

    def stops(target: Symbol, call: Call) -> bool:
        del call
        # A function that writes to its module makes a thing when it is first asked.
        return runs_once(graph, target) or graph.writes_to_module(target)

    search = Search(unwanted.rule.id, wanted, stops)
    starts = [
        one for one in starts_of(module) if not (unwanted.only_plain and graph.scope(one[0]).kind == "async")
    ]
    near = (one for one in graph.reached_by_any(starts, search) if len(one.steps) <= _MOST_STEPS)
    for reached, (name, _) in by_root(near, sink):
        yield _fault(module, unwanted, reached, name)


def starts_of(module: Module) -> Iterator[tuple[Symbol, tuple[tuple[Symbol, Call], ...]]]:
    """Yield the functions that requests to the module run, each with the steps that lead to it."""
    return ((entry.symbol, entry.steps) for entry in entries(module))


def _fault(module: Module, unwanted: Unwanted, reached: Reached, name: str) -> Found:
    first = reached.steps[0][0]
    is_direct = len(reached.steps) == 1
    message = unwanted.says(f"`{first.name or first.module}`", name)
    way = "" if is_direct else f", through {way_of(reached)}"
    # Another handler that comes to share a cause is no other fault, so a far cause belongs to the module.
    scope = first.scope if is_direct else 0
    return fault_of(module, scope, reached, f"{message}{way}", unwanted.rule.remedy)


def runs_once(graph: Graph, target: Symbol) -> bool:
    """Whether a decorator keeps what the function returned, so that later requests do not run it."""
    names = " ".join(one.name for one in graph.scope(target).decorators).lower()
    return any(word in names for word in _ONCE)


def _is_kept(graph: Graph, holder: Symbol, name: str) -> bool:
    """Whether the function keeps what it makes beyond the request: in its module, or in an object that
    was there before it."""
    owner, _, method = holder.name.rpartition(".")
    kept = (value for values in graph.attributes(holder.module, owner).values() for value in values)
    return graph.writes_to_module(holder) or (method != "__init__" and f"{name}()" in kept)
