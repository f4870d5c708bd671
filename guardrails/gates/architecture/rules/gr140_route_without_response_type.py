"""What a route answers is a promise to clients, and a promise must be written down to be kept."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.routes import documented_routes, has_no_body
from guardrails.gates.architecture.module import Found, Module
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

_DECLARING = ("response_model", "response_class")
NEEDS = ("routes",)

RULE = Rule(
    id="GR140",
    name="route-without-response-type",
    gate="architecture",
    summary="A route declares neither a return type nor a response model.",
    why="Without one the API's document says nothing of the answer, nothing is checked or filtered on the way "
    "out, and a field that was never meant for clients leaves the service the day somebody adds it.",
    remedy="Annotate the function's return with a pydantic model, or pass `response_model=` to the decorator.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            async def cards():
                return [{'id': 1}]
            """,
        ),
        example(
            """
            from fastapi import APIRouter

            router = APIRouter(prefix='/v1')

            @router.post('/cards:rank', status_code=201)
            def rank(count: int):
                return {'count': count}
            """,
        ),
        example(
            """
            from shop.web import router

            @router.put('/cards')
            async def store(count: int):
                return {'count': count}
            """,
            path="shop/cards.py",
            more={"shop/web.py": "import fastapi\n\nrouter = fastapi.APIRouter()\n"},
        ),
    ),
    good=(
        example(
            """
            from fastapi import FastAPI
            from pydantic import BaseModel

            class Card(BaseModel, extra='forbid'):
                id: int

            app = FastAPI()

            @app.get('/card')
            async def card() -> Card:
                return Card(id=1)
            """,
        ),
        example(
            """
            from fastapi import APIRouter
            from fastapi.responses import PlainTextResponse

            router = APIRouter()

            @router.get('/healthz', response_class=PlainTextResponse)
            async def health():
                return 'ok'

            @router.delete('/card', status_code=204)
            async def remove():
                return None

            @router.get('/page', include_in_schema=False)
            async def page():
                return 'ok'
            """,
        ),
        example(
            """
            from cache import store

            @store.get('/cards')
            def cards():
                return [1]
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every function of the API's document whose answer has no declared type, once."""
    seen = set()
    for route in documented_routes(module):
        scope = module.facts.scopes[route.scope]
        if scope.returns or route.scope in seen or has_no_body(route) or _is_declared(route.decorator):
            continue
        seen.add(route.scope)
        message = f"{route.method} {route.path or 'route'} does not say what it answers"
        yield Found(scope.line, route.scope, message, f"{route.method.lower()} {route.path} untyped")


def _is_declared(decorator: Call) -> bool:
    return decorator.has_unknown_keywords or any(decorator.keyword(one) is not None for one in _DECLARING)
