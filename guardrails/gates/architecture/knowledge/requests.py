"""Which code serves requests: handlers by decorator or class, and the dependencies that they name.

Routes by decorator are told by the facts. Here are handlers by class, whose methods bear the names
of HTTP verbs, and what a framework runs besides: dependencies, start-up and shutdown.
"""

import re
from collections.abc import Iterator
from functools import partial

from guardrails.analysis.code.facts import Call, Facts
from guardrails.analysis.code.graph import Symbol
from guardrails.analysis.code.routes import may_route, routes_in
from guardrails.gates.architecture.knowledge.handing import DEPENDS, depended_on
from guardrails.gates.architecture.module import Module
from guardrails.model.frozen import frozen

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
_HANDLING = frozenset(
    {"RequestHandler", "HTTPEndpoint", "MethodView", "HTTPMethodView", "APIView", "APIHandler"}
    | {"JupyterHandler", "HomeAssistantView"}
)
_AROUND = frozenset({"middleware", "before_request", "after_request", "teardown_request"})
_ANSWERING = _METHODS | {"dispatch", "__call__"}
_LIFESPAN = r"(.*_)?lifespan\Z|(on_)?(startup|shutdown)\Z"


@frozen
class Entry:
    """Code that a request runs: the scope of the module that answers for it, and how it gets there."""

    scope: int
    symbol: Symbol
    steps: tuple[tuple[Symbol, Call], ...] = ()


def may_serve(facts: Facts) -> bool:
    """Whether the module may hold a handler, a dependency or a middleware, told without following any name."""
    return (
        may_route(facts)
        or any(call.name in DEPENDS for call in facts.calls)
        or any(
            one.name.rpartition(".")[2] in _ANSWERING and facts.scopes[one.parent].kind == "class"
            for one in facts.scopes
        )
        or any(each.name.rpartition(".")[2] in _AROUND for one in facts.scopes for each in one.decorators)
    )


def handlers(module: Module) -> Iterator[int]:
    """Yield the scopes of the module's request handlers, each once."""
    facts = module.facts
    meanings = partial(module.graph.meanings, module.name)
    routed = {route.scope for route in routes_in(facts, meanings)}
    for index, scope in enumerate(facts.scopes):
        parent = facts.scopes[scope.parent]
        is_method = parent.kind == "class" and scope.name.rpartition(".")[2] in _METHODS
        if index in routed or (
            is_method and any(base.rpartition(".")[2] in _HANDLING for base in parent.bases)
        ):
            yield index


def dependencies(module: Module) -> Iterator[tuple[Call, Symbol]]:
    """Yield what the module asks its framework to run before handlers: each `Depends(...)` and its function."""
    for call in module.facts.calls:
        for symbol in depended_on(module.graph, module.name, call):
            yield call, symbol


def entries(module: Module) -> Iterator[Entry]:
    """Yield the module's handlers, and the dependencies that it holds and names, each function once."""
    seen = set()
    for scope in handlers(module):
        symbol = module.symbol(scope)
        seen.add(symbol)
        yield Entry(scope, symbol)
    for call, symbol in dependencies(module):
        if symbol.module == module.name and symbol not in seen:
            seen.add(symbol)
            scope = module.facts.scope_at(call.line)
            yield Entry(scope, symbol, ((module.symbol(scope), call),))


def middlewares(module: Module) -> Iterator[Symbol]:
    """Yield the functions of the module that stand around every request: of applications, by class or decorator."""
    facts = module.facts
    for index, scope in enumerate(facts.scopes):
        parent, name = facts.scopes[scope.parent], scope.name.rpartition(".")[2]
        by_decorator = any(one.name.rpartition(".")[2] in _AROUND for one in scope.decorators)
        by_class = parent.kind == "class" and (
            (name == "dispatch" and any("Middleware" in base for base in parent.bases))
            or (name == "__call__" and {"scope", "receive", "send"} <= {one.name for one in scope.parameters})
        )
        if scope.kind in {"function", "async"} and (by_decorator or by_class):
            yield module.symbol(index)


def is_lifespan(facts: Facts, scope: int) -> bool:
    """Whether a function runs at start-up and shutdown, when nobody waits for an answer yet."""
    one = facts.scopes[scope]
    if re.match(_LIFESPAN, one.name.rpartition(".")[2]):
        return True
    return any(
        call.name.rpartition(".")[2] == "on_event" and call.arguments[:1] in {("'startup'",), ("'shutdown'",)}
        for call in one.decorators
    )
