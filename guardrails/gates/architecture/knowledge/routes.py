"""Which functions of a module answer requests, as FastAPI declares them by decorators."""

from collections.abc import Iterator

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.module import Module
from guardrails.model.frozen import frozen

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_OWNERS = (
    "fastapi.FastAPI()",
    "fastapi.APIRouter()",
    "fastapi.applications.FastAPI()",
    "fastapi.routing.APIRouter()",
)
_NO_BODY = ("HTTP_204_NO_CONTENT", "HTTP_205_RESET_CONTENT", "HTTP_304_NOT_MODIFIED", "204", "205", "304")


@frozen
class Route:
    """One function that answers one method and path; `call` is the decorator that says so."""

    scope: int
    method: str
    path: str
    call: Call

    @property
    def has_no_body(self) -> bool:
        """Whether its answer's status allows no body."""
        return (self.call.keyword("status_code") or "").rpartition(".")[2] in _NO_BODY

    @property
    def is_hidden(self) -> bool:
        """Whether the API's document leaves it out."""
        return self.call.keyword("include_in_schema") == "False"


def routes_of(module: Module) -> Iterator[Route]:
    """Yield the module's routes in the order of the source; `path` is empty where it is no constant."""
    for index, scope in enumerate(module.facts.scopes):
        if scope.kind not in {"function", "async"}:
            continue
        for call in scope.decorators:
            owner, _, method = call.name.rpartition(".")
            if method in METHODS and _is_router(module, owner):
                yield Route(index, method, _path_of(call), call)


def route_scopes(module: Module) -> frozenset[int]:
    """Return the scopes of the module's routes."""
    return frozenset(one.scope for one in routes_of(module))


def _is_router(module: Module, owner: str) -> bool:
    return owner in _OWNERS or any(one in _OWNERS for one in module.graph.meanings(module.name, owner))


def _path_of(call: Call) -> str:
    text = call.arguments[0] if call.arguments else call.keyword("path") or ""
    return text[1:-1] if text[:1] in {"'", '"'} else ""
