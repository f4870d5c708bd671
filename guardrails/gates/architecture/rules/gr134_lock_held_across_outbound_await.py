"""A lock or a transaction that waits for the network makes everybody wait for the network."""

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from guardrails.analysis.code.facts import Call
from guardrails.analysis.code.graph import Reached, Search, Symbol
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.outbound import HTTP_CALLS, is_stub_call
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.chains import chain_of
from guardrails.model.finding import Effect
from guardrails.model.frozen import replace
from guardrails.model.rule import Rule

if TYPE_CHECKING:
    from guardrails.analysis.code.facts import Mark
    from guardrails.analysis.code.marks import Here

NODES = ("With", "AsyncWith")
_THREADED = frozenset({"threading.Lock()", "threading.RLock()", "multiprocessing.Lock()"})
_LOCKS = frozenset({"asyncio.Lock()", "asyncio.locks.Lock()", "anyio.Lock()", "asyncio.Condition()"})
_TRANSACTIONS = (".begin()", ".begin_nested()", ".transaction()", ".atomic()")
NEEDS = ("marks",)

RULE = Rule(
    id="GR134",
    name="lock-held-across-outbound-await",
    gate="architecture",
    summary="A lock or a database transaction is held while another system is waited for.",
    why="Whoever needs the lock, or the connection that the transaction holds, waits as long as the slowest "
    "call that is made inside. One slow dependency empties the pool, and requests that never use it fail. A "
    "thread's lock held over an await can stop the loop for good.",
    remedy="Make the call first, then take the lock or open the transaction for what it returned.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import asyncio, httpx

            lock = asyncio.Lock()

            async def charge(client: httpx.AsyncClient, order):
                async with lock:
                    await client.post('http://bank/charge', json=order)
            """,
        ),
        example(
            """
            import threading

            lock = threading.Lock()

            async def store(queue, item):
                with lock:
                    await queue.put(item)
            """,
        ),
        example(
            """
            import httpx
            from sqlalchemy.ext.asyncio import AsyncSession

            async def charge(client, order):
                await httpx.AsyncClient().post('http://bank/charge', json=order)

            async def buy(session: AsyncSession, client, order):
                async with session.begin():
                    session.add(order)
                    await charge(client, order)
            """,
        ),
    ),
    good=(
        example(
            """
            import asyncio, httpx

            lock = asyncio.Lock()

            async def charge(client: httpx.AsyncClient, orders, order):
                answer = await client.post('http://bank/charge', json=order)
                async with lock:
                    orders.append(answer.json())
            """,
        ),
        example(
            """
            import threading

            lock = threading.Lock()

            async def store(queue, item):
                with lock:
                    queue.append(item)
                await queue.flush()
            """,
        ),
        example(
            """
            import asyncio, httpx

            lock = asyncio.Lock()

            async def token(client: httpx.AsyncClient, held):
                async with lock:
                    if not held.token:
                        held.token = (await client.post('http://auth/token')).text
                    return held.token
            """,
        ),
        example(
            """
            from sqlalchemy.ext.asyncio import AsyncSession

            async def buy(session: AsyncSession, order):
                async with session.begin():
                    await session.execute(order)
            """,
        ),
    ),
)


def marks_in(node: ast.With | ast.AsyncWith, here: "Here") -> "Iterator[Mark]":
    """Yield thread locks held over an await, and locks and transactions with the calls awaited in them."""
    from guardrails.analysis.code.marks import body_of  # noqa: PLC0415 - the parser of files, needed for new files only

    held = [(one.context_expr, name) for one in node.items for name in here.meanings(one.context_expr)]
    inside = [each for one in node.body for each in (one, *body_of(one))]
    awaited = [one.value for one in inside if isinstance(one, ast.Await)]
    for expression, name in held:
        text = ast.unparse(expression)
        if isinstance(node, ast.With) and name in _THREADED and awaited and here.is_async:
            yield here.mark(expression, f"{text}, a lock of threads, is held while the task waits")
        elif name in _LOCKS or name.endswith(_TRANSACTIONS):
            is_filling = name in _LOCKS and any(isinstance(one, ast.If) for one in node.body)
            called = [one.func for one in awaited if isinstance(one, ast.Call)]
            names = tuple(dict.fromkeys(each for one in called for each in here.meanings(one)))
            if names and not is_filling:
                yield here.mark(expression, f"{text} is held while", names=names)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield the marked places, of locks and transactions those only that wait for another system."""
    for one in module.marks(RULE.id):
        if not one.names:
            yield one
            continue
        for name in one.names:
            meanings = module.graph.meanings(module.name, name)
            direct = _outbound(meanings)
            reached = next(
                (
                    each
                    for m in meanings
                    for start in module.graph.symbols(m)
                    for each in _reached(module, start)
                ),
                None,
            )
            if direct or reached:
                what = (
                    f"{direct} answers"
                    if direct
                    else f"{reached.call.name.lstrip(':?')} answers"
                    if reached
                    else ""
                )
                evidence = (chain_of(module, reached),) if reached else ()
                yield replace(one, message=f"{one.message} {what}", evidence=evidence)
                break


def _reached(module: Module, start: Symbol) -> Iterator[Reached]:
    def wanted(call: Call, meanings: tuple[str, ...]) -> bool:
        del call
        return _outbound(meanings) is not None

    def stops(target: Symbol, call: Call) -> bool:
        del target, call
        return False

    return module.graph.reached(start, Search(RULE.id, wanted, stops))


def _outbound(meanings: Iterable[str]) -> str | None:
    return next((one for one in meanings if one in HTTP_CALLS or is_stub_call(one)), None)
