"""What stands behind a bare `yield` does not run when the request fails, and that is when it matters."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.requests import dependencies
from guardrails.gates.architecture.knowledge.spelling import methods_called
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.marks import Here

NODES = ("FunctionDef", "AsyncFunctionDef")
_KEEPING = (ast.Expr, ast.Assign)
_MANAGED = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
_FREEING = frozenset(
    {
        "close",
        "aclose",
        "release",
        "disconnect",
        "dispose",
        "shutdown",
        "terminate",
        "kill",
        "rollback",
        "reset",
    }
    | {"unlink", "rmtree", "cleanup", "unlock", "expunge_all", "remove"}
)
NEEDS = ("marks",)

RULE = Rule(
    id="GR135",
    name="dependency-without-cleanup",
    gate="architecture",
    summary="A generator frees its resource behind a `yield` that no try guards.",
    why="When the code that uses the resource raises, the exception comes out of the `yield` and the lines "
    "behind it are skipped: connections, locks and files leak exactly when things go wrong.",
    remedy="Put the `yield` into `try:` and what frees the resource into `finally:`, or use `with`.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from fastapi import APIRouter, Depends
            from shop.db import Session

            router = APIRouter()

            def session():
                held = Session()
                yield held
                held.close()

            @router.get('/cards')
            def cards(db=Depends(session)):
                return []
            """,
        ),
        example(
            """
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def connection(pool):
                held = await pool.acquire()
                yield held
                await pool.release(held)
            """,
        ),
        example(
            """
            import contextlib, os

            @contextlib.contextmanager
            def scratch(path):
                yield path
                if os.path.exists(path):
                    os.unlink(path)
            """,
        ),
    ),
    good=(
        example(
            """
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def connection(pool):
                held = await pool.acquire()
                try:
                    yield held
                finally:
                    await pool.release(held)
            """,
        ),
        example(
            """
            from fastapi import APIRouter, Depends
            from shop.db import Session

            router = APIRouter()

            def session():
                with Session() as held:
                    yield held

            @router.get('/cards')
            def cards(db=Depends(session)) -> list[str]:
                return []
            """,
        ),
        example(
            """
            def pages(source):
                yield source.first()
                source.close()
            """,
        ),
        example(
            """
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def lifespan(app):
                yield
                await app.state.client.aclose()
            """,
        ),
    ),
)


def marks_in(node: ast.FunctionDef | ast.AsyncFunctionDef, here: "Here") -> "Iterator[Mark]":
    """Yield generators that free something behind a `yield` of their own body; `names` is the function,
    or nothing where a decorator makes a context of it."""
    from guardrails.analysis.code.marks import body_of  # noqa: PLC0415 - the parser of files, needed for new files only

    yields = [
        index
        for index, one in enumerate(node.body)
        if one.__class__ in _KEEPING and getattr(one, "value", None).__class__ is ast.Yield
    ]
    if len(yields) != 1 or sum(isinstance(one, ast.Yield) for one in body_of(node)) != 1:
        return
    behind = [each for one in node.body[yields[0] + 1 :] for each in (one, *body_of(one))]
    freed = sorted(_FREEING & set(methods_called(behind)))
    if freed and "lifespan" not in node.name:
        is_managed = any(_MANAGED & set(here.meanings(one)) for one in node.decorator_list)
        what = f"`{node.name}` calls {freed[0]} behind a yield, where an exception never comes by"
        name = f":{here.symbol}.{node.name}" if here.symbol else f":{node.name}"
        yield here.mark(
            node.body[yields[0]], what, f"{freed[0]} behind yield", names=() if is_managed else (name,)
        )


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marked context managers, and the marked generators that the module depends on."""
    named = {f":{symbol.name}" for _, symbol in dependencies(module) if symbol.module == module.name}
    for one in module.marks(RULE.id):
        if not one.names or set(one.names) & named:
            yield one
