"""A body that is read whole is as large as whoever sends it wants."""

from collections.abc import Iterator

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.requests import handlers
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_READING = frozenset(
    {
        "fastapi.UploadFile().read",
        "fastapi.datastructures.UploadFile().read",
        "starlette.datastructures.UploadFile().read",
        "fastapi.Request().body",
        "fastapi.requests.Request().body",
        "starlette.requests.Request().body",
        "starlette.requests.HTTPConnection().body",
        "werkzeug.datastructures.FileStorage().read",
        "flask.request.get_data",
    }
)
NEEDS = ("serving",)

RULE = Rule(
    id="GR127",
    name="upload-read-without-limit",
    gate="architecture",
    summary="A handler reads an upload or a raw body whole, however large it is.",
    why="The whole body stands in memory at once, for every caller that sends one. A few large ones end the "
    "process, and nobody needs a key to send them.",
    remedy="Read by `read(size)` in a loop that stops at a limit, or refuse by `Content-Length` before reading.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            from fastapi import FastAPI, UploadFile

            app = FastAPI()

            @app.post('/covers')
            async def cover(file: UploadFile):
                return len(await file.read())
            """,
        ),
        example(
            """
            from fastapi import APIRouter, Request

            router = APIRouter()

            @router.post('/events')
            async def events(request: Request):
                return len(await request.body())
            """,
        ),
        example(
            """
            from flask import Flask, request

            app = Flask('shop')

            @app.route('/events')
            def events():
                return str(len(request.get_data()))
            """,
        ),
    ),
    good=(
        example(
            """
            from fastapi import FastAPI, UploadFile

            app = FastAPI()

            @app.post('/covers')
            async def cover(file: UploadFile) -> int:
                return len(await file.read(1 << 20))
            """,
        ),
        example(
            """
            from fastapi import APIRouter, Request

            router = APIRouter()

            @router.post('/events')
            async def events(request: Request) -> int:
                size = 0
                async for part in request.stream():
                    size += len(part)
                    if size > 1000:
                        break
                return size
            """,
        ),
        example(
            """
            from fastapi import UploadFile

            async def copied(file: UploadFile):
                return await file.read()
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every read of a whole body that a handler of the module makes itself."""
    serving = set(handlers(module))
    for call in module.facts.calls:
        if module.facts.function_of(call.scope) in serving and not call.arguments and not call.keywords:
            name = next(
                (one for one in module.graph.meanings(module.name, call.name) if one in _READING), None
            )
            if name:
                yield Found(call.line, call.scope, f"{name} reads a body of any size", call.text)
