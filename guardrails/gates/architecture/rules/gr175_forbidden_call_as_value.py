"""A call that must not happen here must not be carried here either, to be made under another name."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Mention
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.loop.blocking import remedy_for
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_POLICY = "guarded: [app]"
_LEAVING = frozenset(
    {
        "to_thread",
        "run_in_executor",
        "submit",
        "run_in_threadpool",
        "run_sync",
        "Thread",
        "Process",
        "add_task",
    }
)
_AT_ONCE = frozenset(
    {"builtins.iter", "builtins.map", "builtins.filter", "functools.reduce", "operator.call"}
)
NEEDS = ("guarded", "async")

RULE = Rule(
    id="GR175",
    name="forbidden-call-as-value",
    gate="architecture",
    summary="Guarded code of a module with async functions carries a blocking function as a value.",
    why="A blocking function in a dictionary, a class or an argument is called where no rule can see it. In code that "
    "policy guards it counts as called, unless it is handed to a thread.",
    remedy="Hand it to `await asyncio.to_thread(function, ...)` where it is named, or use the async API.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            import time

            WAYS = {'wait': time.sleep}

            async def handler(way):
                WAYS[way](1)
            """,
            path="app/handler.py",
            policy=_POLICY,
        ),
        example(
            """
            import subprocess

            async def handler(run):
                return run(subprocess.check_output)
            """,
            path="app/handler.py",
            policy=_POLICY,
        ),
        example(
            """
            import requests

            class Client:
                fetch = staticmethod(requests.get)

            async def handler():
                return Client
            """,
            path="app/handler.py",
            policy=_POLICY,
        ),
    ),
    good=(
        example(
            """
            import asyncio, time

            async def handler():
                await asyncio.to_thread(time.sleep, 1)
            """,
            path="app/handler.py",
            policy=_POLICY,
        ),
        example(
            """
            import time

            def wait(sleep=time.sleep):
                sleep(1)

            async def handler():
                return 1
            """,
            path="app/handler.py",
            policy=_POLICY,
        ),
        example(
            """
            import time

            WAYS = {'wait': time.sleep}
            """,
            path="app/tools.py",
            policy=_POLICY,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every mention of a blocking function that is neither a call nor on its way to a thread."""
    if not module.is_guarded or not any(one.kind == "async" for one in module.facts.scopes):
        return
    for one in module.facts.references:
        # A method of an object that blocks is not told apart from what the object merely holds.
        named = "(" not in one.text and remedy_for((one.text,), module.settings.blocking)
        if named and one.text.rpartition(".")[2].islower() and not _is_harmless(module, one):
            message = f"{one.text}, which blocks the event loop, is carried as a value"
            yield Found(one.line, one.scope, message, f"reference to {one.text}")


def _is_harmless(module: Module, mention: Mention) -> bool:
    """Whether the mention is handed to a thread, is a default that calls are followed through, or an alias."""
    facts = module.facts
    bound = (held for name, held in facts.exports.items() if not name.endswith("]"))
    if not mention.scope and any(mention.text in held for held in bound):
        return True
    if any(
        mention.scope in {index, one.parent} and each.default.lstrip("&") == mention.text
        for index, one in enumerate(facts.scopes)
        for each in one.parameters
    ):
        return True
    if facts.scopes[mention.scope].kind != "class" and not _calls_partials(module, mention.scope):
        leaving = _LEAVING | {"partial"}
    else:
        leaving = _LEAVING
    return any(
        call.name.rpartition(".")[2].lstrip("?:") in leaving
        and any(
            one.rpartition(".")[2] == mention.text.rpartition(".")[2]
            for one in (*call.arguments, *(value for _, value in call.keywords))
        )
        for call in facts.calls
        if call.scope == mention.scope
    )


def _calls_partials(module: Module, scope: int) -> bool:
    """Whether the scope hands a partial to what calls it at once, such as `iter` and `map`."""
    return any(
        call.scope == scope and call.name in _AT_ONCE and "functools.partial()" in call.arguments
        for call in module.facts.calls
    )
