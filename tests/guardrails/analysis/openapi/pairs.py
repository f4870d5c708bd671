"""Small documents that differ in one place, for tests of the comparison."""

import copy
from collections.abc import Callable

from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.difference import Difference
from guardrails.analysis.openapi.documents import document_of
from guardrails.analysis.openapi.values import Json

Object = dict[str, Json]
BASE = "3.1.0"


def document(operation: Object, *, path: str = "/things/{id}", method: str = "post", **other: Json) -> Object:
    """Return a document with one operation."""
    return {
        "openapi": BASE,
        "info": {"title": "t", "version": "1"},
        "paths": {path: {method: operation}},
        **other,
    }


def operation(*, body: Json = None, answer: Json = None, **other: Json) -> Object:
    """Return an operation that takes and answers JSON of the given schemas."""
    made: Object = {"responses": {"200": {"description": "", **_content(answer)}}, **other}
    if body is not None:
        made["requestBody"] = {"required": True, **_content(body)}
    return made


def _content(schema: Json) -> Object:
    return {} if schema is None else {"content": {"application/json": {"schema": schema}}}


def found(base: Object, head: Object) -> list[Difference]:
    """Return the differences between two documents given as values."""
    return differences(document_of(copy.deepcopy(base), "base"), document_of(copy.deepcopy(head), "head"))


def levels(base: Object, head: Object) -> list[str]:
    """Return the levels of all differences, worst first."""
    return [one.level.value for one in found(base, head)]


def worst_of_request(base: Json, head: Json, components: Json = None) -> str:
    """Return the worst level when a request body's schema goes from `base` to `head`."""
    return _worst(lambda schema: document(operation(body=schema), components=components), base, head)


def worst_of_answer(base: Json, head: Json, components: Json = None) -> str:
    """Return the worst level when an answer's schema goes from `base` to `head`."""
    return _worst(lambda schema: document(operation(answer=schema), components=components), base, head)


def worst_of_query(base: Object, head: Object) -> str:
    """Return the worst level when a query parameter goes from `base` to `head`."""

    def made(parameter: Object) -> Object:
        return document(operation(parameters=[{"name": "q", "in": "query", **parameter}]))

    return (levels(made(base), made(head)) or ["same"])[0]


def _worst(make: Callable[[Json], Object], base: Json, head: Json) -> str:
    return (levels(make(base), make(head)) or ["same"])[0]
