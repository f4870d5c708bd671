"""A dictionary of anything at the edge of the service is a contract that says nothing."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import (
    METHODS,
    Function,
    called,
    keyword,
    parameters_of,
    route_of,
)
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("FunctionDef", "AsyncFunctionDef")
DECORATED = METHODS
_ANYTHING = frozenset({"typing.Any", "builtins.object"})
_MAPPINGS = frozenset({"builtins.dict", "typing.Dict", "typing.Mapping", "collections.abc.Mapping"})
_SEQUENCES = frozenset({"builtins.list", "typing.List", "typing.Sequence", "collections.abc.Sequence"})
_WRAPPING = frozenset({"typing.Optional", "typing.Annotated", "typing_extensions.Annotated"})

RULE = Rule(
    id="GR141",
    name="untyped-boundary",
    gate="architecture",
    summary="A route takes or answers a dictionary of anything.",
    why="`dict[str, Any]` passes every check and describes nothing: no client is generated from it, a removed field "
    "breaks nobody's test, and each function behind it guesses at keys again.",
    remedy="Declare a pydantic model with the fields that there are, `extra='forbid'` for what comes in.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            from typing import Any
            from fastapi import APIRouter

            router = APIRouter()

            @router.get('/card')
            async def card() -> dict[str, Any]:
                return {'id': 1}
            """,
        ),
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.post('/cards', status_code=204)
            async def store(card: dict):
                return None
            """,
        ),
        example(
            """
            from fastapi import APIRouter

            router = APIRouter()

            @router.get('/cards', response_model=list[dict])
            async def cards():
                return [{'id': 1}]
            """,
        ),
    ),
    good=(
        example(
            """
            from fastapi import APIRouter

            router = APIRouter()

            @router.get('/counts')
            async def counts() -> dict[str, int]:
                return {'cards': 1}
            """,
        ),
        example(
            """
            from typing import Any
            from fastapi import Depends, FastAPI

            app = FastAPI()

            def listener() -> dict[str, Any]:
                return {'id': 1}

            @app.put('/card', status_code=204)
            async def store(who: dict[str, Any] = Depends(listener)) -> None:
                return None
            """,
        ),
        example(
            """
            from typing import Any

            def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
                return {**first, **second}
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a route whose answer, or a parameter that its body fills, is a dictionary of anything."""
    route = route_of(node, here)
    if route is None or not isinstance(node, Function):
        return
    answer = keyword(route, "response_model") or node.returns
    if answer is not None and _is_anything(answer, here):
        yield here.mark(node, f"{node.name} answers {ast.unparse(answer)}", f"{node.name} answers anything")
    for one in _body_parameters(node):
        if one.annotation is not None and _is_anything(one.annotation, here):
            message = f"{node.name} takes {one.arg} as {ast.unparse(one.annotation)}"
            yield here.mark(node, message, f"{node.name} takes {one.arg} as anything")


def _body_parameters(function: Function) -> Iterator[ast.arg]:
    """Yield the parameters that no dependency fills."""
    held = function.args
    positional = [*held.posonlyargs, *held.args]
    defaults = [*[None] * (len(positional) - len(held.defaults)), *held.defaults, *held.kw_defaults]
    for one, default in zip(parameters_of(function), defaults, strict=True):
        given = called(default)[1] if isinstance(default, ast.Call) else "Body"
        annotated = ast.unparse(one.annotation) if one.annotation else ""
        if given == "Body" and "Depends" not in annotated and "Security" not in annotated:
            yield one


def _is_anything(node: ast.expr, here: Here) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_anything(node.left, here) or _is_anything(node.right, here)
    if not isinstance(node, ast.Subscript):
        return not (_ANYTHING | _MAPPINGS).isdisjoint(here.meanings(node))
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    held = here.meanings(node.value)
    if not _MAPPINGS.isdisjoint(held):
        return len(inner) > 1 and not _ANYTHING.isdisjoint(here.meanings(inner[1]))
    return not (_SEQUENCES | _WRAPPING).isdisjoint(held) and _is_anything(inner[0], here)
