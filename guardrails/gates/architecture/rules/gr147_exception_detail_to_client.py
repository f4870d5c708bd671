"""What an unexpected exception says is for the log; clients get a stable problem."""

import ast
from collections.abc import Iterator

from guardrails.analysis.code.facts import Mark
from guardrails.analysis.code.marks import Here
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.shapes import function_around, is_broad, route_of, shown_in
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NODES = ("Call", "Return")
_ANSWERS = frozenset(
    {
        "HTTPException",
        "JSONResponse",
        "ORJSONResponse",
        "UJSONResponse",
        "PlainTextResponse",
        "HTMLResponse",
        "Response",
    }
)
_LIBRARIES = ("fastapi.", "starlette.")
_TRACES = frozenset(
    {"traceback.format_exc", "traceback.format_exception", "traceback.format_tb", "traceback.format_stack"}
)
CALLED = _ANSWERS

RULE = Rule(
    id="GR147",
    name="exception-detail-to-client",
    gate="architecture",
    summary="The text of an unexpected exception, or a stack trace, is sent to the client.",
    why="Such a text names hosts, queries, file paths and sometimes secrets, differs from release to release, and "
    "becomes part of the contract as soon as a client matches on it.",
    remedy="Log the exception with the request id, and answer with a fixed detail: "
    "`HTTPException(502, detail='the catalogue did not answer')`.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from fastapi import HTTPException

            def rank(cards):
                try:
                    return sorted(cards)
                except Exception as error:
                    raise HTTPException(status_code=500, detail=str(error)) from error
            """,
        ),
        example(
            """
            from fastapi.responses import JSONResponse

            def rank(cards):
                try:
                    return sorted(cards)
                except BaseException as error:
                    return JSONResponse({'detail': f'it failed: {error}'}, status_code=500)
            """,
        ),
        example(
            """
            import traceback
            from starlette.responses import PlainTextResponse

            def fail(request, error):
                return PlainTextResponse(traceback.format_exc(), status_code=500)
            """,
        ),
        example(
            """
            from fastapi import APIRouter

            router = APIRouter()

            @router.get('/cards')
            def cards() -> dict:
                try:
                    return {'cards': load()}
                except Exception as error:
                    return {'error': repr(error)}
            """,
        ),
    ),
    good=(
        example(
            """
            import logging
            from fastapi import HTTPException

            def rank(cards):
                try:
                    return sorted(cards)
                except Exception as error:
                    logging.exception('rank failed')
                    raise HTTPException(500, detail='ranking failed') from error
            """,
        ),
        example(
            """
            from fastapi import HTTPException

            def rank(cards):
                try:
                    return sorted(cards)
                except ValueError as error:
                    raise HTTPException(422, detail=str(error)) from error
            """,
        ),
        example(
            """
            def rank(cards):
                try:
                    return sorted(cards)
                except Exception as error:
                    raise RuntimeError(str(error)) from error
            """,
        ),
    ),
)


def marks_in(node: ast.AST, here: Here) -> Iterator[Mark]:
    """Mark an answer that shows a broadly caught exception or a stack trace."""
    if isinstance(node, ast.Call):
        values = [*node.args, *(one.value for one in node.keywords)] if _is_answer(node, here) else []
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Dict):
        values = [node.value] if route_of(function_around(here), here) else []
    else:
        return
    for value in values:
        for one in shown_in(value, here):
            if _tells(one, here):
                yield here.mark(node, f"the client is shown `{ast.unparse(one)}`")
                return


def _is_answer(call: ast.Call, here: Here) -> bool:
    return any(
        one.rpartition(".")[2] in _ANSWERS and one.startswith(_LIBRARIES) for one in here.meanings(call.func)
    )


def _tells(value: ast.expr, here: Here) -> bool:
    if isinstance(value, ast.Call):
        return not _TRACES.isdisjoint(here.meanings(value.func))
    return isinstance(value, ast.Name) and value.id == _caught(here)


def _caught(here: Here) -> str:
    """Return the name of the exception that the innermost handler around catches, where it catches all."""
    for one in here.around_in_function():
        if isinstance(one, ast.ExceptHandler):
            return one.name or "" if is_broad(one, here) else ""
    return ""
