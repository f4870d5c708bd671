"""A list without an end is a page that works until the table grows."""

import ast
import re
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here, body_of
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
_LIMIT = re.compile(
    r"(?:page_?size|per_?page|limit|page_limit|max_results|top_k|first|batch_size)\Z", re.IGNORECASE
)
_PAGES = re.compile(r"(?i)page|pagin|limit|filter|cursor|param|offset|first|last|top")
_READS_ALL = frozenset({"all", "fetchall", "to_list", "scalars"})
_BOUNDS = frozenset({"limit", "fetch", "slice", "paginate", "first", "one", "islice", "page", "one_or_none"})
_UPPER = frozenset({"le", "lt"})

RULE = Rule(
    id="GR143",
    name="unbounded-list-route",
    gate="architecture",
    summary="A route reads all rows, or as many as a client asks for.",
    why="The answer grows with the table, and memory and time with the answer, until one request takes the "
    "service down. A `limit` without a maximum leaves the choice to the client.",
    remedy="Take `limit: Annotated[int, Query(ge=1, le=100)] = 20` and hand it to the query's `.limit()`.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            from fastapi import APIRouter
            from pydantic import BaseModel

            class Card(BaseModel):
                id: int

            router = APIRouter()

            @router.get('/cards')
            def cards(session: int) -> list[Card]:
                return session.query(Card).all()
            """,
        ),
        example(
            """
            from fastapi import FastAPI, Query

            app = FastAPI()

            @app.get('/cards')
            async def cards(limit: int = Query(20, ge=1)) -> list[int]:
                return list(range(limit))
            """,
        ),
        example(
            """
            from typing import Annotated
            from fastapi import APIRouter, Query

            router = APIRouter()

            @router.get('/cards')
            async def cards(page_size: Annotated[int, Query(ge=1)] = 20) -> list[int]:
                return list(range(page_size))
            """,
        ),
    ),
    good=(
        example(
            """
            from typing import Annotated
            from fastapi import APIRouter, Query

            router = APIRouter()

            @router.get('/cards')
            def cards(session: int, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[int]:
                return session.query(1).limit(limit).all()
            """,
        ),
        example(
            """
            from fastapi import APIRouter

            router = APIRouter()

            @router.get('/cards')
            def cards(limit: int = 20) -> list[int]:
                limit = min(limit, 100)
                return list(range(limit))

            @router.get('/kinds')
            def kinds() -> list[str]:
                return ['lyrics', 'credits']
            """,
        ),
        example(
            """
            def cards(session, limit: int = 20) -> list[int]:
                return session.query(1).all()
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark a GET route that reads all rows, or whose limit has no maximum."""
    route = route_of(node, here)
    if route is None or not isinstance(node, Function) or here.name(route.func).rpartition(".")[2] != "get":
        return
    names = {called(one)[1] for one in body_of(node) if isinstance(one, ast.Call)}
    limits = [one for one in parameters_of(node) if _LIMIT.match(one.arg)]
    for one in limits:
        if not _has_maximum(node, one) and not names & {"min", "clamp"} and _is_number(one):
            yield here.mark(
                node, f"{node.name} lets clients choose any {one.arg}", f"{node.name} {one.arg} unbounded"
            )
    paged = any(_PAGES.search(one.arg) for one in parameters_of(node))
    if not paged and _answers_list(node, route) and names & _READS_ALL and not names & _BOUNDS:
        yield here.mark(node, f"{node.name} answers all rows that there are", f"{node.name} unbounded")


def _is_number(parameter: ast.arg) -> bool:
    return (
        parameter.annotation is not None
        and re.search(r"\bint\b", ast.unparse(parameter.annotation)) is not None
    )


def _answers_list(function: Function, route: ast.Call) -> bool:
    answer = keyword(route, "response_model") or function.returns
    return (
        answer is not None and re.match(r"(?i)(?:\w+\.)*(?:list|sequence)\[", ast.unparse(answer)) is not None
    )


def _has_maximum(function: Function, parameter: ast.arg) -> bool:
    """Whether `le` or `lt` stands in the parameter's annotation or default, or a type that may hold it."""
    held = function.args
    positional = [*held.posonlyargs, *held.args]
    defaults = dict(zip((one.arg for one in reversed(positional)), reversed(held.defaults), strict=False))
    defaults.update(
        {one.arg: each for one, each in zip(held.kwonlyargs, held.kw_defaults, strict=True) if each}
    )
    places = [one for one in (parameter.annotation, defaults.get(parameter.arg)) if one is not None]
    calls = [one for place in places for one in ast.walk(place) if isinstance(one, ast.Call)]
    return any(each.arg in _UPPER or each.arg is None for one in calls for each in one.keywords)
