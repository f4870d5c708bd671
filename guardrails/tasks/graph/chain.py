"""Finds the shortest way from one symbol of a tree to another, or to a library's function.

A way goes by calls, by what a call hands to a thread, a pool, a task or the event loop, and by the
dependencies that a signature names.
"""

from collections.abc import Iterator, Mapping, Sequence

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Graph, Symbol
from guardrails.gates.architecture.knowledge.handing import depended_on, handed
from guardrails.model.errors import UsageError
from guardrails.model.evidence import Step

_NEAR = 5
_Way = tuple[str, Call, Symbol]


def chain_between(graph: Graph, start: str, end: str) -> tuple[Step, ...]:
    """Return the steps that lead from `start` to `end`, both dotted names; empty when none is found.

    `start` is a function, class or module of the tree; `end` may also be of a library. Raises
    UsageError when `start` names nothing.
    """
    first = _symbol(graph, start)
    target = _meaning(graph, end)
    asked = _Asked(graph)
    came: dict[Symbol, tuple[Symbol, Step] | None] = {first: None}
    queue = [first]
    for symbol in queue:
        for call, meanings, _ in graph.edges(symbol):
            if any(one in {target, f"{target}()"} for one in meanings):
                return _way_to(symbol, came, _step(graph, symbol, "calls {}", call))
        for how, call, reached in asked.ways_on(symbol):
            if reached in came:
                continue
            step = _step(graph, symbol, how, call, reached)
            if f"{reached.module}:{reached.name}" == target:
                return _way_to(symbol, came, step)
            came[reached] = symbol, step
            queue.append(reached)
    return ()


class _Asked:
    """What functions lead on to; what signatures depend on is read once a module."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._dependencies: dict[str, Mapping[int, Sequence[tuple[Call, Symbol]]]] = {}

    def ways_on(self, symbol: Symbol) -> Iterator[_Way]:
        """Yield what a run of the function leads to: how, by which call, and the function."""
        for call, reached in self._depended_on(symbol.module).get(symbol.scope, ()):
            yield "depends on {}", call, reached
        for call, _, targets in self._graph.edges(symbol):
            for target in targets:
                yield "calls {}", call, target
            for one in handed(self._graph, symbol.module, call):
                yield f"hands {{}} to {one.to}", call, one.symbol

    def _depended_on(self, module: str) -> Mapping[int, Sequence[tuple[Call, Symbol]]]:
        known = self._dependencies.get(module)
        if known is None:
            found: dict[int, list[tuple[Call, Symbol]]] = {}
            facts = self._graph.facts(module)
            for call in facts.calls:
                for symbol in depended_on(self._graph, module, call):
                    found.setdefault(facts.scope_at(call.line), []).append((call, symbol))
            known = self._dependencies[module] = found
        return known


def _step(graph: Graph, symbol: Symbol, how: str, call: Call, reached: Symbol | None = None) -> Step:
    what = call.name.lstrip(":?") if how.startswith("calls") or reached is None else reached.text
    return Step(f"{symbol.text} {how.format(what)}", graph.modules.by_name[symbol.module], call.line)


def _way_to(
    symbol: Symbol, came: Mapping[Symbol, tuple[Symbol, Step] | None], last: Step
) -> tuple[Step, ...]:
    steps = [last]
    before = came[symbol]
    while before is not None:
        steps.append(before[1])
        before = came[before[0]]
    return tuple(reversed(steps))


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
