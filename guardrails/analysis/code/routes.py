"""Which functions a web framework calls for a request: route decorators of FastAPI, Starlette, Flask, aiohttp."""

import ast
from collections.abc import Callable, Iterator

from guardrails.analysis.code.facts import Call, Facts
from guardrails.model.record import Record

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})
_OTHERS = frozenset({"route", "api_route", "websocket", "websocket_route", "view"})
_APPLICATIONS = (
    "fastapi.FastAPI().",
    "fastapi.APIRouter().",
    "fastapi.applications.FastAPI().",
    "fastapi.routing.APIRouter().",
    "starlette.applications.Starlette().",
    "starlette.routing.Router().",
    "flask.Flask().",
    "flask.Blueprint().",
    "aiohttp.web.RouteTableDef().",
)


class Route(Record):
    """One route: its method in upper case (`WEBSOCKET`, or `ANY` where several may be), its path as
    written (empty where it is no constant), the function's scope, and the decorator."""

    method: str
    path: str
    scope: int
    decorator: Call

    @property
    def is_threaded(self) -> bool:
        """Whether FastAPI and Starlette run a plain function for it in their pool of threads."""
        return not self.decorator.name.startswith(("flask.", "aiohttp."))


def _itself(name: str) -> tuple[str, ...]:
    return (name,)


def may_route(facts: Facts) -> bool:
    """Whether a decorator of the file is called like a route's."""
    methods = (one.name.rpartition(".")[2] for scope in facts.scopes for one in scope.decorators)
    return any(method in _VERBS or method in _OTHERS for method in methods)


def routes_in(facts: Facts, meanings: Callable[[str], tuple[str, ...]] = _itself) -> Iterator[Route]:
    """Yield the routes of one file; `meanings` may follow a router's name to other files.

    A router that nobody can follow counts where the decorator is called like one, with a path.
    """
    for scope, one in enumerate(facts.scopes):
        for decorator in one.decorators:
            method = decorator.name.rpartition(".")[2]
            if method in _VERBS or method in _OTHERS:
                path = _path_of(decorator)
                if _is_application(meanings(decorator.name)) or (
                    decorator.name.startswith("?") and path.startswith("/")
                ):
                    yield Route(_method_of(method), path, scope, decorator)


def _is_application(names: tuple[str, ...]) -> bool:
    return any(name.startswith(_APPLICATIONS) for name in names)


def _method_of(name: str) -> str:
    if name in _VERBS:
        return name.upper()
    return "WEBSOCKET" if name.startswith("websocket") else "ANY"


def _path_of(decorator: Call) -> str:
    given = decorator.arguments[0] if decorator.arguments else decorator.keyword("path") or ""
    if not given.startswith(("'", '"')):
        return ""
    try:
        return str(ast.literal_eval(given))
    except (SyntaxError, ValueError):  # a path so long that its text was cut
        return given[1:]
