"""A context variable that a request sets and nobody resets speaks for whoever runs in that context next."""

import ast
from collections.abc import Collection, Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here, body_of
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.requests import middlewares
from guardrails.gates.architecture.knowledge.shapes import called, function_around, last_name
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.running import fault_in_request, marked_in_requests
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Call",)
CALLED = frozenset({"set"})
_EMPTY = frozenset({"list", "dict", "set", "tuple", "deque"})
NEEDS = ("serving",)

RULE = Rule(
    id="GR126",
    name="context-variable-not-reset",
    gate="architecture",
    summary="A request sets a context variable and never resets it.",
    why="A thread of a pool, a worker's loop and a test keep their context: the next request there finds this "
    "one's user, tenant or trace. Tasks that are started meanwhile carry it on for as long as they live.",
    remedy="Keep the token and give it back: `token = variable.set(value)`, then `variable.reset(token)` in "
    "`finally:`.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            from contextvars import ContextVar
            from flask import Flask

            app = Flask(__name__)
            tenant = ContextVar('tenant')

            @app.get('/cards/<name>')
            def cards(name):
                tenant.set(name)
                return name
            """,
        ),
        example(
            """
            import contextvars
            from fastapi import APIRouter, Depends

            router = APIRouter()
            listener: contextvars.ContextVar[str] = contextvars.ContextVar('listener')

            def known(name: str) -> str:
                token = listener.set(name)
                return name

            @router.get('/cards')
            async def cards(name: str = Depends(known)) -> list[str]:
                return [name]
            """,
        ),
        example(
            """
            from fastapi import FastAPI
            from shop.context import request_id

            app = FastAPI()

            @app.middleware('http')
            async def with_id(request, call_next):
                request_id.set(request.headers['x-request-id'])
                return await call_next(request)
            """,
            more={
                "shop/__init__.py": "",
                "shop/context.py": "from contextvars import ContextVar\n\nrequest_id = ContextVar('request_id')\n",
            },
        ),
    ),
    good=(
        example(
            """
            from contextvars import ContextVar
            from fastapi import FastAPI

            app = FastAPI()
            tenant = ContextVar('tenant')

            @app.middleware('http')
            async def with_tenant(request, call_next):
                token = tenant.set(request.headers['x-tenant'])
                try:
                    return await call_next(request)
                finally:
                    tenant.reset(token)
            """,
        ),
        example(
            """
            from contextvars import ContextVar

            level = ContextVar('level')

            def main():
                level.set('debug')
            """,
        ),
        example(
            """
            from contextvars import ContextVar
            from flask import Flask

            app = Flask(__name__)
            tenant = ContextVar('tenant', default=None)

            class Tenant:
                def __init__(self, name):
                    self.name = name

                def __enter__(self):
                    self.token = tenant.set(self.name)

                def __exit__(self, *raised):
                    tenant.reset(self.token)

            @app.get('/cards/<name>')
            def cards(name):
                with Tenant(name):
                    return name
            """,
        ),
        example(
            """
            from contextvars import ContextVar
            from flask import Flask

            app = Flask(__name__)
            tenant = ContextVar('tenant', default=None)

            @app.get('/cards/<name>')
            def cards(name):
                tenant.set(name)
                try:
                    return name
                finally:
                    tenant.set(None)
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark every `set` of what may be a context variable whose token is thrown away, and name the variable."""
    function = function_around(here)
    if not isinstance(node, ast.Call) or function is None or len(node.args) != 1:
        return
    owner, method = called(node)
    if owner is None or method != "set" or id(node) not in here.once(function, _dropped_in):
        return
    name = ast.unparse(owner)
    meanings = here.meanings(owner)
    if meanings and name not in here.once(function, _reset_in):
        yield here.mark(node, f"sets `{name}` and never resets it", names=meanings)


def _dropped_in(function: ast.AST) -> Collection[int]:
    """Return the calls of a function whose result is dropped, or bound to a name that is never read."""
    nodes = tuple(body_of(function))
    read = {one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
    dropped = {id(_bare(one.value)) for one in nodes if isinstance(one, ast.Expr)}
    for one in nodes:
        if isinstance(one, ast.Assign) and all(
            isinstance(each, ast.Name) and each.id not in read for each in one.targets
        ):
            dropped.add(id(one.value))
    return dropped


def _bare(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.NamedExpr) else node


def _reset_in(function: ast.AST) -> Collection[str]:
    """Return what a function resets by a token, or sets anew to nothing or at its end."""
    found = set()
    for one in body_of(function):
        if isinstance(one, ast.Try):
            found |= {name for each in one.finalbody for name, _ in _calls_below(each, {"set", "reset"})}
    for name, call in _calls_below(function, {"set", "reset"}):
        if called(call)[1] == "reset" or _is_nothing(call.args[0] if call.args else None):
            found.add(name)
    return found


def _calls_below(node: ast.AST, methods: Collection[str]) -> Iterator[tuple[str, ast.Call]]:
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            owner, method = called(one)
            if owner is not None and method in methods:
                yield ast.unparse(owner), one


def _is_nothing(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return not (value.args or value.keywords) and last_name(value.func) in _EMPTY
    return (isinstance(value, ast.Constant) and not value.value) or (
        isinstance(value, (ast.List, ast.Dict, ast.Tuple)) and not list(ast.iter_child_nodes(value))[1:]
    )


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marked ones in functions that requests run, where the name is a context variable's.

    What a middleware has set by a function for it is set anew before the next request can read it.
    """
    around = set(middlewares(module))
    for running, one, _ in marked_in_requests(module, RULE.id):
        if running.steps and running.steps[0][0] in around:
            continue
        if _is_variable(module, running.symbol.module, one.names):
            yield fault_in_request(module, running, one, one.message)


def _is_variable(module: Module, holder: str, names: tuple[str, ...]) -> bool:
    return any(
        meaning.startswith("contextvars.ContextVar") and meaning.endswith("()")
        for name in names
        for meaning in module.graph.meanings(holder, name)
    )
