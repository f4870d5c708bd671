"""Plain handlers share forty threads, and each that waits takes one from all the others."""

from collections.abc import Iterator
from functools import partial

from guardrails.analysis.code.routes import routes_in
from guardrails.analysis.code.selection import matches
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.frozen import replace
from guardrails.model.rule import Rule

_ROUTE = """
from fastapi import APIRouter

router = APIRouter()

@router.get('/albums')
def albums() -> list[str]:
    return []
"""

RULE = Rule(
    id="GR130",
    name="too-many-plain-endpoints",
    gate="architecture",
    summary="There are more plain `def` handlers than policy gives threads to.",
    why="FastAPI and Starlette run a plain handler on a pool of forty threads for the whole process. Handlers "
    "that wait for a database fill it, and then even those wait that do nothing.",
    remedy="Make the handler `async def` with an async client, or raise `plain_endpoints` with the pool's size.",
    effect=Effect.REVIEW,
    bad=(
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            def cards():
                return []
            """,
            policy="plain_endpoints: 0\n",
        ),
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            def cards():
                return []

            @app.get('/tracks')
            def tracks():
                return []
            """,
            policy="plain_endpoints: 1\n",
        ),
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            def cards():
                return []
            """,
            policy="plain_endpoints: 1\n",
            more={"albums.py": _ROUTE},
        ),
    ),
    good=(
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            async def cards() -> list[str]:
                return []
            """,
            policy="plain_endpoints: 0\n",
        ),
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            def cards() -> list[str]:
                return []
            """,
            policy="plain_endpoints: 2\n",
            more={"albums.py": _ROUTE},
        ),
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            def cards() -> list[str]:
                return []
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield one fault for a module with plain handlers, when those of the whole tree are too many."""
    most = module.settings.plain_endpoints
    own = _plain(module) if most is not None else []
    if most is None or not own:
        return
    code = module.graph.code
    others = {
        name: path
        for name, path in code.modules.by_name.items()
        if path != module.path and not matches(path, module.settings.ignore)
    }
    code.load(others.values())
    count = len(own)
    for name, path in others.items():
        count += len(_plain(replace(module, name=name, path=path, facts=code.facts(path))))
        if count > most:
            break
    if count > most:
        scope = own[-1]
        one = module.facts.scopes[scope]
        message = f"`{one.name}` is one of more plain handlers than policy's plain_endpoints allows"
        yield Found(one.line, scope, message, "more plain handlers than policy allows")


def _plain(module: Module) -> list[int]:
    """Return the scopes of the plain functions that the framework runs on its pool of threads."""
    meanings = partial(module.graph.meanings, module.name)
    threaded = [one.scope for one in routes_in(module.facts, meanings) if one.is_threaded]
    return [one for one in dict.fromkeys(threaded) if module.facts.scopes[one].kind == "function"]
