"""Which functions of the project answer which operation, as far as the application's routes tell."""

from __future__ import annotations

import functools
from collections.abc import Iterator

_DEEPEST = 16


def handlers_of(application: object) -> dict[str, list[str]]:
    """Return `module:qualified name` of the functions behind each `METHOD /path`; empty without routes."""
    found: dict[str, list[str]] = {}
    for method, path, names in _routed(application, "", 0):
        found.setdefault("%s %s" % (method, path), []).extend(name for name in names if name)
    return found


def _routed(holder: object, prefix: str, depth: int) -> Iterator[tuple[str, str, list[str]]]:
    if depth > _DEEPEST:
        return
    routes = getattr(holder, "routes", None)
    for route in routes if isinstance(routes, (list, tuple)) else ():
        written = prefix + str(getattr(route, "path", None) or "")
        endpoint = getattr(route, "endpoint", None)
        if endpoint is not None:
            path = prefix + str(getattr(route, "path_format", None) or getattr(route, "path", ""))
            names = [_name(endpoint), *_needed(getattr(route, "dependant", None), 0)]
            for method in getattr(route, "methods", None) or ():
                yield str(method), path, names
            continue
        # FastAPI holds a router that was included as a route of its own, with the prefix beside it.
        included = getattr(route, "original_router", None)
        if included is not None:
            context = getattr(route, "include_context", None)
            yield from _routed(included, written + str(getattr(context, "prefix", "")), depth + 1)
        else:
            yield from _routed(getattr(route, "app", route), written, depth + 1)


def _needed(dependant: object, depth: int) -> Iterator[str]:
    """Yield the functions that a framework calls to make the arguments of a handler."""
    inner = getattr(dependant, "dependencies", None)
    for one in inner if isinstance(inner, list) and depth <= _DEEPEST else ():
        yield _name(getattr(one, "call", None))
        yield from _needed(one, depth + 1)


def _name(function: object) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__wrapped__", function)
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    return "%s:%s" % (module, name) if module and name else ""
