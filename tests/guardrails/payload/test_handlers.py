"""Which functions answer which operation, of applications that are built of routers."""

from fastapi import APIRouter, Depends, FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from guardrails.payload.handlers import handlers_of


def limit() -> int:
    return 1


def first() -> None:
    return None


def second(most: int = Depends(limit)) -> None:
    return None


def name(function: object) -> str:
    return f"{__name__}:{getattr(function, '__qualname__', '')}"


def test_each_operation_of_included_routers_is_told_once() -> None:
    inner, outer, other = APIRouter(prefix="/inner"), APIRouter(prefix="/outer"), APIRouter()
    inner.get("/second")(second)
    outer.include_router(inner)
    other.post("/first")(first)
    app = FastAPI(openapi_url=None)
    app.include_router(other)
    app.include_router(outer, prefix="/v1")
    found = handlers_of(app)
    assert found["POST /first"] == [name(first)]
    assert found["GET /v1/outer/inner/second"] == [name(second), name(limit)]
    assert len(found) == 2


def test_mounted_applications_are_told_with_their_prefix() -> None:
    app = Starlette(routes=[Mount("/deep", app=Starlette(routes=[Route("/first", first, methods=["PUT"])]))])
    assert handlers_of(app) == {"PUT /deep/first": [name(first)]}


def test_what_has_no_routes_tells_nothing_and_what_holds_itself_ends() -> None:
    class Ring:
        path = "/ring"

        @property
        def routes(self) -> list[object]:
            return [self]

    assert handlers_of(object()) == handlers_of(Ring()) == {}
