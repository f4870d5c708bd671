"""The application outlives its requests: what one of them leaves on it, the next one takes for its own."""

import ast
from collections.abc import Iterator, Mapping

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here, body_of
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import function_around, parameters_of
from guardrails.gates.architecture.knowledge.state import binds_a_name
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.running import fault_in_request, marked_in_requests
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Assign", "AnnAssign", "Call")
CALLED = frozenset({"setattr", "__setattr__"})
_RECEIVERS = frozenset({"self", "cls", "app", "application"})
_OF_A_REQUEST = frozenset({"state", "user", "session", "auth", "headers", "cookies", "scope", "client"})
_MOST_HOPS = 5
NEEDS = ("serving",)

RULE = Rule(
    id="GR137",
    name="request-kept-by-application",
    gate="architecture",
    summary="A request, or what came with it, is stored on the application.",
    why="`app.state` is one for all requests. Between two awaits another request writes there too, and a listener "
    "is answered as somebody else.",
    remedy="Keep it on `request.state`, hand it on as an argument, or let `Depends` fetch it where it is needed.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from fastapi import FastAPI, Request

            app = FastAPI()

            @app.get('/cards')
            async def cards(request: Request) -> list[str]:
                app.state.request = request
                return []
            """,
        ),
        example(
            """
            from fastapi import APIRouter, Depends, Request

            router = APIRouter()

            async def known(request: Request, token: str) -> str:
                request.app.state.token = token
                return token

            @router.get('/cards')
            async def cards(token: str = Depends(known)) -> list[str]:
                return [token]
            """,
        ),
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.middleware('http')
            async def with_user(request, call_next):
                user = request.state.user
                setattr(request.app.state, 'user', user)
                return await call_next(request)
            """,
        ),
    ),
    good=(
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.middleware('http')
            async def with_user(request, call_next):
                request.state.user = request.headers['x-user']
                return await call_next(request)
            """,
        ),
        example(
            """
            from contextlib import asynccontextmanager
            from fastapi import FastAPI

            @asynccontextmanager
            async def lifespan(app):
                app.state.catalogue = ('lyrics', 'credits')
                yield

            app = FastAPI(lifespan=lifespan)
            """,
        ),
        example(
            """
            from fastapi import FastAPI, Request

            app = FastAPI()

            @app.post('/reload')
            async def reload(request: Request) -> str:
                request.app.state.catalogue = ('lyrics', 'credits')
                return 'done'
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark what stores a parameter, or what hangs on a request, as a field of an application's state."""
    if binds_a_name(node):
        return
    stored = [one for one in _stored(node) if _may_be_state(one[0], here)]
    function = function_around(here) if stored else None
    if function is None:
        return
    aliases = here.once(function, _aliases_in)
    for owner, name, value in stored:
        if _is_application_state(_followed(owner, aliases)):
            kept = _followed(value, aliases)
            root = _root_of(kept)
            given = {one.arg for one in parameters_of(function)} - _RECEIVERS
            if root in given and (isinstance(kept, ast.Name) or _hangs_on_request(kept)):
                yield here.mark(node, f"keeps `{ast.unparse(kept)}` as `app.state.{name}`")


def _stored(node: ast.AST) -> Iterator[tuple[ast.expr, str, ast.expr]]:
    """Yield whose field a statement sets, the field's name, and the value."""
    if isinstance(node, ast.Call):
        given = node.args
        if isinstance(node.func, ast.Attribute) and node.func.attr == "__setattr__":
            given = [node.func.value, *given][-len(("owner", "name", "value")) :]
        match given:
            case [owner, name, value]:
                yield owner, str(name.value) if isinstance(name, ast.Constant) else "...", value
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            values = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                values = list(zip(target.elts, node.value.elts, strict=False))
            for one, value in values:
                if isinstance(one, ast.Attribute):
                    yield one.value, one.attr, value


def _may_be_state(owner: ast.expr, here: Here) -> bool:
    """Whether it is worth to follow an expression: an index of a function's names costs a walk over it."""
    if isinstance(owner, ast.Attribute):
        return owner.attr == "state"
    return not isinstance(owner, ast.Name) or here.may_be_bound(owner.id)


def _aliases_in(function: ast.AST) -> Mapping[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for one in body_of(function):
        target = one.targets[0] if isinstance(one, ast.Assign) else getattr(one, "target", None)
        value = getattr(one, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, (ast.Name, ast.Attribute, ast.NamedExpr)):
            found[target.id] = value
    return found


def _followed(node: ast.expr, aliases: Mapping[str, ast.expr]) -> ast.expr:
    for _ in range(_MOST_HOPS):
        if isinstance(node, ast.NamedExpr):
            node = node.value
        elif isinstance(node, ast.Name) and node.id in aliases:
            node = aliases[node.id]
        elif (
            isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases
        ):
            node = ast.Attribute(aliases[node.value.id], node.attr, ast.Load())
    return node


def _is_application_state(node: ast.expr) -> bool:
    """Whether an expression is `app.state`, `request.app.state`, or the application itself of a request."""
    names = ast.unparse(node).split(".")
    return names[-1] == "state" and len(names) > 1 and names[-2] in {"app", "application"}


def _root_of(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _hangs_on_request(node: ast.expr) -> bool:
    parts = ast.unparse(node).split(".")
    return parts[0] in {"request", "websocket", "conn", "connection"} and (
        len(parts) > 1 and parts[1].partition("[")[0] in _OF_A_REQUEST
    )


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marked ones in functions that requests run."""
    for running, one, _ in marked_in_requests(module, RULE.id):
        yield fault_in_request(module, running, one, one.message)
