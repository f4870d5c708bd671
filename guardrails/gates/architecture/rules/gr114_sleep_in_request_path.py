"""A sleeping handler answers late and keeps what it holds from others meanwhile."""

from collections.abc import Iterable, Iterator

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.serving import Unwanted, request_faults
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NEEDS = ("serving",)

RULE = Rule(
    id="GR114",
    name="sleep-in-request-path",
    gate="architecture",
    summary="A plain handler or dependency reaches time.sleep.",
    why="A plain handler runs on one of forty threads that the framework shares among all requests. While it "
    "sleeps the thread serves nobody, so forty sleepers stop the service; the caller waits in any case.",
    remedy="Wait for the event itself with a bound (`threading.Event.wait(timeout)`), or answer 202 and let "
    "the caller ask again.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import time
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            def cards():
                time.sleep(1)
                return []
            """,
        ),
        example(
            """
            from time import sleep
            from fastapi import APIRouter, Depends

            router = APIRouter()

            def ready(tries: int = 3):
                for _ in range(tries):
                    sleep(0.1)

            @router.get('/cards')
            def cards(_=Depends(ready)):
                return []
            """,
        ),
        example(
            """
            from flask import Flask
            from shop.wait import settle

            app = Flask('shop')

            @app.route('/cards')
            def cards():
                settle()
                return 'done'
            """,
            more={
                "shop/__init__.py": "",
                "shop/wait.py": """
                import time

                def settle():
                    time.sleep(2)
                """,
            },
        ),
    ),
    good=(
        example(
            """
            import asyncio
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            async def cards() -> list[str]:
                await asyncio.sleep(0)
                return []
            """,
        ),
        example(
            """
            import time
            from fastapi import FastAPI

            app = FastAPI()

            def poll():
                time.sleep(1)

            @app.get('/cards')
            def cards() -> list[str]:
                return []
            """,
        ),
        example(
            """
            import time
            from fastapi import BackgroundTasks, FastAPI

            app = FastAPI()

            def settle():
                time.sleep(1)

            @app.post('/cards')
            def cards(tasks: BackgroundTasks) -> list[str]:
                tasks.add_task(settle)
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every sleep that a plain handler or dependency reaches; async ones are GR102's."""
    yield from request_faults(
        module,
        Unwanted(
            RULE,
            _slept,
            lambda handler, name: f"{handler} reaches {name} while a caller waits and a thread is held",
            only_plain=True,
        ),
    )


def _slept(meanings: Iterable[str]) -> str | None:
    return next((name for name in meanings if name == "time.sleep"), None)
