"""A task that eats its cancellation cannot be stopped: timeouts and shutdown wait for it in vain."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.spelling import methods_called
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.marks import Here

NODES = ("Try", "TryStar")
_CANCELLED = frozenset(
    {"asyncio.CancelledError", "asyncio.exceptions.CancelledError", "trio.Cancelled"}
    | {"anyio.get_cancelled_exc_class()"}
)
_CATCHING = _CANCELLED | {"builtins.BaseException"}
_KEEPING = frozenset(
    {"set_exception", "append", "put", "put_nowait", "send", "send_nowait", "throw", "exit", "_exit"}
)

RULE = Rule(
    id="GR132",
    name="cancellation-swallowed",
    gate="architecture",
    summary="Async code catches cancellation and goes on.",
    why="Cancelling is how a timeout, a client that left and a shutdown end a task. A handler that catches it "
    "and does not raise it again makes the task run on: the timeout does not hold, and the process must be "
    "killed.",
    remedy="Catch `Exception` instead, or end the handler with a bare `raise` after cleaning up.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import asyncio

            async def poll(source):
                while True:
                    try:
                        await source.read()
                    except asyncio.CancelledError:
                        print('cancelled')
            """,
        ),
        example(
            """
            async def fetch(source):
                try:
                    return await source.read()
                except:
                    print('failed')
            """,
        ),
        example(
            """
            import logging

            async def fetch(source):
                try:
                    async with source:
                        return 1
                except BaseException:
                    logging.exception('failed')
            """,
        ),
    ),
    good=(
        example(
            """
            import asyncio

            async def poll(source):
                while True:
                    try:
                        await source.read()
                    except asyncio.CancelledError:
                        print('cancelled')
                        raise
            """,
        ),
        example(
            """
            import asyncio, logging

            async def poll(source):
                while True:
                    try:
                        await source.read()
                    except asyncio.CancelledError:
                        break
                    except Exception:
                        logging.exception('poll')
            """,
        ),
        example(
            """
            import asyncio

            async def stop(task):
                task.cancel()
                for _ in range(2):
                    try:
                        await task
                    except asyncio.CancelledError:
                        print('stopped')
            """,
        ),
        example(
            """
            import asyncio

            async def run(work, future):
                try:
                    future.set_result(await work())
                except BaseException as error:
                    future.set_exception(error)
            """,
        ),
    ),
)


def marks_in(node: ast.Try, here: "Here") -> "Iterator[Mark]":
    """Yield handlers that catch cancellation of an await and neither raise nor leave."""
    from guardrails.analysis.code.marks import body_of  # noqa: PLC0415 - the parser of files, needed for new files only

    if not here.is_async or not any(_may_catch(one, here) for one in node.handlers):
        return
    if not any(map(_waits, (each for one in node.body for each in (one, *body_of(one))))):
        return
    held = list(here.around_in_function())
    is_looped = any(isinstance(one, (ast.While, ast.For, ast.AsyncFor)) for one in held)
    cancels = {"cancel", "aclose"} & set(methods_called(body_of(held[-1])))
    raises = any(isinstance(one, ast.ExceptHandler) and isinstance(one.body[-1], ast.Raise) for one in held)
    for handler in () if cancels or raises else node.handlers:
        meant = _caught(handler, here)
        is_broad = handler.type is None or "builtins.BaseException" in meant
        inside = [each for one in handler.body for each in (one, *body_of(one))]
        goes_on = not any(isinstance(one, ast.Raise) for one in inside) and (
            not _hands_on(handler, inside)
            if is_broad
            else is_looped and not any(map(_leaves_or_notes, inside))
        )
        if goes_on and (is_broad or _CANCELLED & meant):
            text = ast.unparse(handler.type) if handler.type else "everything"
            what = f"a handler catches {text}, cancellation with it, and goes on"
            yield here.mark(handler, what, f"except {text}")
        if is_broad or _CANCELLED & meant:
            return


def _caught(handler: ast.ExceptHandler, here: "Here") -> set[str]:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {name for one in caught if one is not None for name in here.meanings(one)}


def _may_catch(handler: ast.ExceptHandler, here: "Here") -> bool:
    """Whether the handler catches cancellation; a walk through what it guards costs more than to ask."""
    return handler.type is None or not _CATCHING.isdisjoint(_caught(handler, here))


def _waits(node: ast.AST) -> bool:
    return isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith))


def _leaves_or_notes(node: ast.AST) -> bool:
    """Whether the handler ends the loop, or notes the cancellation to raise it when its work is done."""
    return isinstance(node, (ast.Return, ast.Break, ast.Assign, ast.AugAssign))


def _hands_on(handler: ast.ExceptHandler, inside: list[ast.AST]) -> bool:
    """Whether the handler gives the exception to somebody else or ends the process."""
    assigned = [one.value for one in inside if isinstance(one, ast.Assign)]
    is_stored = any(isinstance(one, ast.Name) and one.id == handler.name for one in assigned)
    return bool(_KEEPING & set(methods_called(inside))) or (handler.name is not None and is_stored)
