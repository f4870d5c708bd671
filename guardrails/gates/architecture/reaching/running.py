"""Finds which functions a request runs, wherever they stand, and by which calls it gets there."""

from collections.abc import Iterator, Mapping

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Symbol
from guardrails.gates.architecture.knowledge.handing import handed
from guardrails.gates.architecture.knowledge.requests import middlewares
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.serving import runs_once, starts_of
from guardrails.model.evidence import CallChain, Step
from guardrails.model.frozen import frozen

_MOST_STEPS = 3


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
    queue += [Running(symbol, ()) for symbol in middlewares(module)]
    seen = {one.symbol for one in queue}
    for one in queue:
        yield one
        if len(one.steps) >= _MOST_STEPS:
            continue
        for call, _, targets in graph.edges(one.symbol):
            for target in (*targets, *(given.symbol for given in handed(graph, one.symbol.module, call))):
                if target not in seen and not runs_once(graph, target):
                    seen.add(target)
                    queue.append(Running(target, (*one.steps, (one.symbol, call))))


def marked_in_requests(
    module: Module, rule: str
) -> Iterator[tuple[Running, Found, frozenset[tuple[str, ...]]]]:
    """Yield the marks of a rule that stand in functions which requests to the module run, in other modules
    too, each with the names of the marks of its module that have no message."""
    known: dict[str, tuple[Mapping[int, list[Found]], frozenset[tuple[str, ...]]]] = {}
    for running in run_by_requests(module):
        name = running.symbol.module
        if name not in known:
            known[name] = _by_function(module, name, rule)
        marks, silent = known[name]
        for one in marks.get(running.symbol.scope, ()):
            yield running, one, silent


def _by_function(
    module: Module, name: str, rule: str
) -> tuple[Mapping[int, list[Found]], frozenset[tuple[str, ...]]]:
    graph, facts = module.graph, module.graph.facts(name)
    found: dict[int, list[Found]] = {}
    silent: set[tuple[str, ...]] = set()
    for one in graph.marks(graph.modules.by_name[name]):
        if one.rule == rule:
            held = Found(one.line, one.scope, one.message, one.subject, one.remedy or None, names=one.names)
            found.setdefault(facts.function_of(one.scope), []).append(held)
            silent.update(() if one.message else (one.names,))
    return found, frozenset(silent)


def fault_in_request(module: Module, running: Running, one: Found, says: str) -> Found:
    """Return a mark in a function that a request runs as a fault; what lies behind calls is told with its chain,
    in the last changed file on it, so that the change's author sees it."""
    first = running.steps[0][0] if running.steps else running.symbol
    message = f"`{first.name or first.module}` {says}"
    if not running.steps:
        return Found(one.line, one.scope, message, one.subject)
    paths, last = module.graph.modules.by_name, running.symbol
    chain = (
        *(
            Step(f"{symbol.text} calls {call.name.lstrip(':?')}", paths[symbol.module], call.line)
            for symbol, call in running.steps
        ),
        Step(f"{last.text} {one.message}", paths[last.module], one.line),
    )
    place = next((step for step in reversed(chain) if step.path in module.changed), chain[-1])
    subject = f"{one.subject} in {last.text}"
    through = f"{message}, through {last.text}"
    return Found(place.line, 0, through, subject, None, (CallChain(chain),), place.path)
