"""Finds the shortest way by calls from one symbol of a tree to another, or to a library's function."""

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Graph, Search, Symbol
from guardrails.model.errors import UsageError
from guardrails.model.evidence import Step

_NEAR = 5


def chain_between(graph: Graph, start: str, end: str) -> tuple[Step, ...]:
    """Return the calls that lead from `start` to `end`, both dotted names; empty when none is found.

    `start` is a function, class or module of the tree; `end` may also be of a library. Raises
    UsageError when `start` names nothing.
    """
    first = _symbol(graph, start)
    target = _meaning(graph, end)

    def wanted(call: Call, meanings: tuple[str, ...]) -> bool:
        del call
        return any(one == target or one.removesuffix("()") == target for one in meanings)

    def never(symbol: Symbol, call: Call) -> bool:
        del symbol, call
        return False

    found = min(
        graph.reached(first, Search(f"chain {target}", wanted, never)),
        key=lambda one: len(one.steps),
        default=None,
    )
    if found is None:
        return ()
    paths = graph.modules.by_name
    return tuple(
        Step(f"{symbol.text} calls {call.name.lstrip(':?')}", paths[symbol.module], call.line)
        for symbol, call in found.steps
    )


def _symbol(graph: Graph, name: str) -> Symbol:
    module, rest = graph.modules.split(name)
    if not module:
        near = sorted(one for one in graph.modules.by_name if one.startswith(name.partition(".")[0]))
        known = f"; there are {', '.join(near[:_NEAR])}" if near else ""
        raise UsageError(f"--from {name}: no module of the tree has that name{known}")
    scopes = graph.facts(module).scopes
    for index, scope in enumerate(scopes):
        if scope.name == rest:
            return Symbol(module, rest, index)
    names = [one.name for one in scopes if one.name and one.kind != "lambda"]
    raise UsageError(
        f"--from {name}: {module} defines no {rest}; it defines {', '.join(names[:_NEAR]) or 'nothing'}"
    )


def _meaning(graph: Graph, name: str) -> str:
    module, rest = graph.modules.split(name)
    return f"{module}:{rest}" if module and rest else name
