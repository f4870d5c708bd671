"""Judges a module by a rule that a team said in data: which calls or imports, and where."""

from collections.abc import Iterable, Iterator

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Search
from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.layers import is_under
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import fault_of, leaves_the_loop, reached_from, way_of
from guardrails.model.finding import Effect
from guardrails.model.rule import Example, Rule
from guardrails.model.team import DeclaredRule


def rule_of(declared: DeclaredRule) -> Rule:
    """Return the rule as reports and `explain` know it."""
    return Rule(
        id=declared.id,
        name=declared.name,
        gate="architecture",
        summary=declared.summary,
        why=declared.why,
        remedy=declared.remedy,
        effect=Effect(declared.effect),
        bad=tuple(Example({_place(declared): text}) for text in declared.bad),
        good=tuple(Example({_place(declared): text}) for text in declared.good),
    )


def found_in(declared: DeclaredRule, module: Module) -> Iterator[Found]:
    """Yield what the rule finds in one module."""
    if declared.paths and not matches(module.path, declared.paths):
        return
    if matches(module.path, declared.except_paths):
        return
    yield from _imports(declared, module)
    if not declared.calls:
        return
    if declared.reachable_from_async:
        yield from _reached(declared, module)
        return
    yield from _called(declared, module)
    if not declared.keyword:
        yield from _mentioned(declared, module)


def _place(declared: DeclaredRule) -> str:
    """Return a path at which the rule holds, for its examples."""
    plain = next((one for one in declared.paths if not set(one) & set("*?[")), "")
    if plain.endswith(".py"):
        return plain
    return f"{plain.rstrip('/')}/example.py" if plain else "example.py"


def _imports(declared: DeclaredRule, module: Module) -> Iterator[Found]:
    seen = set()
    for target, one in module.graph.modules.edges(module.name, module.facts):
        full = f"{target}.{one.name}" if one.name and one.name != "*" else target
        name = next((name for name in declared.imports if is_under(full, name.rstrip("."))), None)
        if name is not None and (one.line, name) not in seen:
            seen.add((one.line, name))
            yield Found(one.line, one.scope, f"{name} is imported: {declared.summary}", f"import {full}")


def _called(declared: DeclaredRule, module: Module) -> Iterator[Found]:
    for call in module.facts.calls:
        name = _wanted(declared, call, module.graph.meanings(module.name, call.name))
        if name:
            yield Found(call.line, call.scope, f"{name} is called: {declared.summary}", call.text)


def _mentioned(declared: DeclaredRule, module: Module) -> Iterator[Found]:
    """Yield uses without a call: handed on as an argument, put under another name, used to decorate."""
    for one in module.facts.references:
        name = _named(declared, module.graph.meanings(module.name, one.text))
        if name:
            yield Found(one.line, one.scope, f"{name} is used: {declared.summary}", one.text)


def _reached(declared: DeclaredRule, module: Module) -> Iterator[Found]:
    def wanted(call: Call, meanings: tuple[str, ...]) -> bool:
        return bool(_wanted(declared, call, meanings))

    graph = module.graph
    search = Search(f"team {declared.id}", wanted, lambda target, call: leaves_the_loop(graph, target, call))
    for index, scope in enumerate(module.facts.scopes):
        if scope.kind != "async":
            continue
        for reached in reached_from(module, index, search):
            way = way_of(reached)
            through = f" through {way}" if way else ""
            message = (
                f"async {scope.name} reaches {reached.call.name.lstrip(':?')}{through}: {declared.summary}"
            )
            yield fault_of(module, index, reached, message, declared.remedy)


def _wanted(declared: DeclaredRule, call: Call, meanings: Iterable[str]) -> str:
    """Return the forbidden name that the call means; empty when there is none, or the keyword excuses it."""
    if declared.keyword and (call.keyword(declared.keyword) is not None or call.has_unknown_keywords):
        return ""
    return _named(declared, meanings)


def _named(declared: DeclaredRule, meanings: Iterable[str]) -> str:
    for meaning in meanings:
        name = meaning.replace(":", ".")
        for pattern in declared.calls:
            if name == pattern or (pattern.endswith(".") and name.startswith(pattern)):
                return name
    return ""
