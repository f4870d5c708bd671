"""Threads made per request grow with the load that they were meant to survive."""

from collections.abc import Iterable, Iterator

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.serving import Unwanted, request_faults
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_STARTED = frozenset(
    {
        "threading.Thread",
        "threading.Timer",
        "multiprocessing.Process",
        "multiprocessing.Pool",
        "multiprocessing.pool.ThreadPool",
        "concurrent.futures.ThreadPoolExecutor",
        "concurrent.futures.ProcessPoolExecutor",
        "concurrent.futures.thread.ThreadPoolExecutor",
        "concurrent.futures.process.ProcessPoolExecutor",
    }
)
NEEDS = ("serving",)

RULE = Rule(
    id="GR113",
    name="thread-started-per-request",
    gate="architecture",
    summary="A request starts a thread, a process or a pool of its own.",
    why="Nothing bounds how many there are: a burst of requests becomes a burst of threads, each with a stack "
    "and a turn at the GIL, and none of them is waited for at shutdown.",
    remedy="Keep one executor for the process, made in the lifespan, or use `await asyncio.to_thread(...)`.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import threading
            from fastapi import FastAPI

            app = FastAPI()

            @app.post('/events')
            def event(body: dict):
                threading.Thread(target=print, args=(body,)).start()
            """,
        ),
        example(
            """
            from concurrent.futures import ThreadPoolExecutor
            from fastapi import APIRouter

            router = APIRouter()

            def fetch_all(keys):
                with ThreadPoolExecutor() as pool:
                    return list(pool.map(str, keys))

            @router.get('/cards')
            def cards():
                return fetch_all([1, 2])
            """,
        ),
        example(
            """
            import multiprocessing
            from flask import Flask

            app = Flask('shop')

            @app.route('/report')
            def report():
                worker = multiprocessing.Process(target=print)
                worker.start()
                return 'started'
            """,
        ),
    ),
    good=(
        example(
            """
            import asyncio
            from fastapi import FastAPI

            app = FastAPI()

            @app.post('/events')
            async def event(key: str) -> None:
                await asyncio.to_thread(print, key)
            """,
        ),
        example(
            """
            from concurrent.futures import ThreadPoolExecutor
            from fastapi import FastAPI

            app = FastAPI()
            pool = ThreadPoolExecutor(4)

            @app.get('/cards')
            def cards() -> list[str]:
                return list(pool.map(str, [1, 2]))
            """,
        ),
        example(
            """
            import threading

            def run_worker():
                threading.Thread(target=print, daemon=True).start()
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every thread, process or pool that a request to the module starts."""
    yield from request_faults(
        module,
        Unwanted(
            RULE,
            _started,
            lambda handler, name: f"{handler} starts {name} for each request",
            unless_kept=True,
        ),
    )


def _started(meanings: Iterable[str]) -> str | None:
    return next((name for name in meanings if name in _STARTED), None)
