"""A status that a route raises and its document lacks is a surprise for every generated client."""

import ast
import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Call, Mark
from guardrails.analysis.code.marks import Here, body_of
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import METHODS, Function, called, keyword, route_of
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("FunctionDef", "AsyncFunctionDef")
DECORATED = METHODS
_EXCEPTIONS = frozenset(
    {"fastapi.HTTPException", "fastapi.exceptions.HTTPException", "starlette.exceptions.HTTPException"}
)
_NAMED = re.compile(r"HTTP_(\d{3})_\w+\Z")
_DOCUMENTED_ANYWAY = "422"
NEEDS = ("marks",)

RULE = Rule(
    id="GR144",
    name="undeclared-status",
    gate="architecture",
    summary="A route raises a status that its `responses` do not declare.",
    why="The API's document is what clients are generated from and what the contract gate compares. A 404 that it "
    "does not name is handled by no client, and a change of its body breaks them unseen.",
    remedy="Add the status to the decorator: `responses={404: {'model': Problem}}`.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            from fastapi import APIRouter, HTTPException

            router = APIRouter()

            @router.get('/card', responses={409: {}})
            async def card() -> int:
                raise HTTPException(404)
            """,
        ),
        example(
            """
            from fastapi import FastAPI, HTTPException, status

            app = FastAPI()

            @app.delete('/card', status_code=204)
            async def remove(id: int) -> None:
                if id > 3:
                    raise HTTPException(status_code=status.HTTP_409_CONFLICT, detail='in use')
            """,
        ),
        example(
            """
            import fastapi

            router = fastapi.APIRouter()

            @router.post('/card')
            def store() -> int:
                try:
                    return 1
                except ValueError as error:
                    raise fastapi.HTTPException(413, 'too large') from error
            """,
        ),
    ),
    good=(
        example(
            """
            from fastapi import APIRouter, HTTPException, status

            router = APIRouter()

            @router.get('/card', responses={404: {}, status.HTTP_409_CONFLICT: {}})
            async def card(id: int) -> int:
                if id:
                    raise HTTPException(409)
                raise HTTPException(status.HTTP_404_NOT_FOUND)
            """,
        ),
        example(
            """
            from fastapi import APIRouter, HTTPException

            router = APIRouter(responses={404: {}})

            @router.get('/card')
            async def card() -> int:
                raise HTTPException(404)
            """,
        ),
        example(
            """
            from fastapi import HTTPException

            def found(card):
                if card is None:
                    raise HTTPException(404)
                return card
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a route with the statuses that it raises and does not declare."""
    route = route_of(node, here)
    if route is None or not isinstance(node, Function) or keyword(route, "include_in_schema") is not None:
        return
    declared = _declared(keyword(route, "responses"))
    if declared is None or any(one.arg is None for one in route.keywords):
        return
    raised = {
        status
        for one in body_of(node)
        if isinstance(one, ast.Raise) and isinstance(one.exc, ast.Call)
        for status in _status_of(one.exc, here)
    }
    missing = sorted(raised - declared - {_DOCUMENTED_ANYWAY})
    if missing:
        text = f"{node.name} raises {', '.join(missing)}, which its responses do not declare"
        owner = called(route)[0]
        yield here.mark(node, text, f"{node.name} {' '.join(missing)}", names=here.meanings(owner))


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marks, unless the router itself declares responses."""
    for one in module.marks(RULE.id):
        modules = {module.name, *(_module_of(module, name) for name in one.names)} - {""}
        calls = [call for name in sorted(modules) for call in module.graph.facts(name).calls]
        if not any(call.keyword("responses") is not None and _makes(call) for call in calls):
            yield one


def _makes(call: Call) -> bool:
    """Whether the call makes an application or a router, of FastAPI or derived from one of its classes."""
    return call.name.rpartition(".")[2].lstrip("?:").endswith(("FastAPI", "Router"))


def _module_of(module: Module, name: str) -> str:
    modules = module.graph.modules
    return modules.split(modules.absolute(module.name, name))[0] if not name.startswith(("?", ":")) else ""


def _status_of(call: ast.Call, here: Here) -> Iterator[str]:
    if _EXCEPTIONS.isdisjoint(here.meanings(call.func)):
        return
    status = keyword(call, "status_code") or next(iter(call.args), None)
    if status is not None:
        yield from _code(status)


def _code(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | str):
        yield str(node.value)
    elif isinstance(node, (ast.Attribute, ast.Name)):
        match = _NAMED.match(node.attr if isinstance(node, ast.Attribute) else node.id)
        yield from match.groups() if match else ()


def _declared(responses: ast.expr | None) -> set[str] | None:
    """Return the declared statuses; None where the code does not tell them all."""
    if responses is None:
        return set()
    if not isinstance(responses, ast.Dict):
        return None
    codes = [list(_code(one)) if one is not None else [] for one in responses.keys]
    return {one for each in codes for one in each} if all(codes) else None
