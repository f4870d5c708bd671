"""A task that nobody holds may be collected before it ends, and its exception is seen by nobody."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from guardrails.gates.architecture.example import example
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.marks import Here

NODES = ("Expr",)
CALLED = frozenset({"create_task", "ensure_future"})
_STARTING = frozenset(
    {
        "asyncio.create_task",
        "asyncio.ensure_future",
        "asyncio.tasks.create_task",
        *(
            f"asyncio.{loop}().create_task"
            for loop in ("get_event_loop", "get_running_loop", "new_event_loop")
        ),
    }
)

RULE = Rule(
    id="GR133",
    name="task-result-dropped",
    gate="architecture",
    summary="A task is started and its handle thrown away.",
    why="The event loop holds tasks weakly, so one without another reference can vanish in the middle of its "
    "work. If it fails instead, nobody asks it why, and nobody waits for it at shutdown.",
    remedy="Start it in an `asyncio.TaskGroup`, or keep it in a set and call `add_done_callback(tasks.discard)`.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import asyncio

            async def handler(event):
                asyncio.create_task(event.store())
            """,
        ),
        example(
            """
            import asyncio

            async def handler(event):
                asyncio.get_running_loop().create_task(event.store())
            """,
        ),
        example(
            """
            from asyncio import ensure_future

            def on_event(event):
                ensure_future(event.store())
            """,
        ),
    ),
    good=(
        example(
            """
            import asyncio

            tasks = set()

            async def handler(event):
                task = asyncio.create_task(event.store())
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            """,
        ),
        example(
            """
            import asyncio

            async def handler(event):
                async with asyncio.TaskGroup() as group:
                    group.create_task(event.store())
            """,
        ),
        example(
            """
            import asyncio

            async def handler(event):
                await asyncio.create_task(event.store())
            """,
        ),
    ),
)


def marks_in(node: ast.Expr, here: "Here") -> "Iterator[Mark]":
    """Yield statements that start a task and keep nothing of it."""
    call = node.value
    if isinstance(call, ast.Call) and isinstance(
        call.func, ast.Attribute | ast.Name | ast.NamedExpr | ast.Call
    ):
        name = next((one for one in here.meanings(call.func) if one in _STARTING), None)
        if name:
            yield here.mark(call, f"the task that {name} returns is dropped")
