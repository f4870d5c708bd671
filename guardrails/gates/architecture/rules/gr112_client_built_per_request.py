"""A client per request opens a connection per request, and the other side runs out first."""

from collections.abc import Iterator

from guardrails.gates.architecture.example import example
from guardrails.gates.architecture.knowledge.outbound import client
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.reaching.serving import Unwanted, request_faults
from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

NEEDS = ("serving",)

RULE = Rule(
    id="GR112",
    name="client-built-per-request",
    gate="architecture",
    summary="A request builds an HTTP, database, cache or RPC client of its own.",
    why="A client holds a pool of connections. Built per request it pays name lookup, TCP and TLS each time, "
    "throws the pool away, and under load exhausts ports here and connections there.",
    remedy="Build the client once in the lifespan, keep it on `app.state`, and hand it in by `Depends`.",
    effect=Effect.NOTE,
    bad=(
        example(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()

            @app.get('/cards')
            async def cards():
                async with httpx.AsyncClient() as client:
                    return (await client.get('http://cards/')).json()
            """,
        ),
        example(
            """
            import redis.asyncio as redis
            from fastapi import APIRouter, Depends

            router = APIRouter()

            def store():
                return redis.Redis(host='cache', socket_timeout=1)

            @router.post('/events')
            async def event(cache=Depends(store)):
                await cache.get('a')
            """,
        ),
        example(
            """
            from fastapi import FastAPI
            from shop.catalog import Catalog

            app = FastAPI()

            @app.get('/albums/{key}')
            def album(key: str):
                return Catalog().find(key)
            """,
            more={
                "shop/__init__.py": "",
                "shop/catalog.py": """
                import requests

                class Catalog:
                    def __init__(self):
                        self.session = requests.Session()

                    def find(self, key):
                        return self.session.get(key, timeout=1)
                """,
            },
        ),
    ),
    good=(
        example(
            """
            import httpx
            from fastapi import FastAPI, Request

            app = FastAPI()

            @app.get('/cards')
            async def cards(request: Request) -> list[str]:
                return (await request.app.state.client.get('http://cards/')).json()

            def open_client():
                return httpx.AsyncClient(timeout=2)
            """,
        ),
        example(
            """
            from functools import lru_cache
            import boto3
            from fastapi import FastAPI

            app = FastAPI()

            @lru_cache(maxsize=1)
            def bucket():
                return boto3.client('s3')

            @app.get('/covers/{key}')
            def cover(key: str) -> list[str]:
                return bucket().get_object(Bucket='covers', Key=key)
            """,
        ),
        example(
            """
            import requests
            from fastapi import FastAPI

            app = FastAPI()
            session = requests.Session()

            @app.get('/cards')
            def cards() -> list[str]:
                return session.get('http://cards/', timeout=1).json()
            """,
        ),
        example(
            """
            import httpx
            from fastapi import FastAPI

            app = FastAPI()

            class Cards:
                def __init__(self):
                    self.client = None

                def fetch(self):
                    if self.client is None:
                        self.client = httpx.Client()
                    return self.client.get('http://cards/')

            held = Cards()

            @app.get('/cards')
            def cards() -> list[str]:
                return held.fetch()
            """,
        ),
    ),
)


def findings_in(module: Module) -> Iterator[Found]:
    """Yield every client that a request to the module builds and nobody keeps."""
    yield from request_faults(
        module,
        Unwanted(
            RULE, client, lambda handler, name: f"{handler} builds {name} for each request", unless_kept=True
        ),
    )
