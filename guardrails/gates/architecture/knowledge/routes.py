"""Which routes of a module stand in an API's document, and what their decorators promise."""

from collections.abc import Iterator
from functools import partial

from guardrails.analysis.code.routes import Route, routes_in
from guardrails.gates.architecture.module import Module

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"})
_UNDOCUMENTED = ("flask.", "aiohttp.", "starlette.")
_NO_BODY = ("HTTP_204_NO_CONTENT", "HTTP_205_RESET_CONTENT", "HTTP_304_NOT_MODIFIED", "204", "205", "304")


def all_routes(module: Module) -> Iterator[Route]:
    """Yield the module's routes of every framework, in the order of the source."""
    yield from routes_in(module.facts, partial(module.graph.meanings, module.name))


def documented_routes(module: Module) -> Iterator[Route]:
    """Yield the routes that an OpenAPI document of FastAPI's shows, one for each method and path."""
    for one in all_routes(module):
        names = module.graph.meanings(module.name, one.decorator.name) or (one.decorator.name,)
        hidden = one.decorator.keyword("include_in_schema") == "False"
        if (
            one.method in _METHODS
            and not hidden
            and not any(name.startswith(_UNDOCUMENTED) for name in names)
        ):
            yield one


def has_no_body(route: Route) -> bool:
    """Whether the route's answer can hold no body, by its method or its status."""
    status = (route.decorator.keyword("status_code") or "").rpartition(".")[2]
    return status in _NO_BODY or route.method in {"HEAD", "OPTIONS"}
