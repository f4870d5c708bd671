"""What clients go by beside the messages: names, order, announcements, addresses, known values."""

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.operations.builders import (
    OK,
    SCHEMES,
    STRICT,
    STRING,
    WHOLE,
    Pairs,
    answer,
    parameter,
    reading,
    secured,
    taking,
)
from tests.guardrails.analysis.openapi.pairs import Object, document, operation

_URL = "{$request.body#/url}"


def at(path: str, *names: str, **own: Json) -> Object:
    """Return a document whose operation stands at a path, with its variables."""
    return document({**OK, "parameters": [parameter(name, "path") for name in names], **own}, path=path)


def items(schema: Object | None) -> Object:
    """Return a document whose path refers to a shared item, and says an operation beside it."""
    beside: Object = {} if schema is None else {"post": operation(body=schema)}
    return {
        "openapi": "3.1.0",
        "paths": {"/a": {"$ref": "#/components/pathItems/A", **beside}},
        "components": {"pathItems": {"A": {"get": OK}}},
    }


def referring(reference: str, schema: Object, keyword: str = "$ref") -> Object:
    """Return a document whose body refers to a definition."""
    return document(operation(body={keyword: reference}), components={"schemas": {"N": schema}})


def named(first: str, second: str) -> Object:
    """Return a document of two operations."""
    return {
        "openapi": "3.0.0",
        "paths": {
            "/a": {"get": {**OK, "operationId": first}},
            "/b": {"get": {**OK, "operationId": second}},
        },
    }


def called(expression: str, answers: Json = None, *, name: str = "done") -> Object:
    """Return a document whose operation calls back at an address."""
    return document({**OK, "callbacks": {name: {expression: {"post": reading(STRING, responses=answers)}}}})


def served(*addresses: str) -> Object:
    """Return a document with servers."""
    return document(OK, servers=[{"url": one} for one in addresses]) if addresses else document(OK)


CONVENTIONS: Pairs = {
    "anchor narrowed": (
        referring("#n", {**STRING, "$anchor": "n"}),
        referring("#n", {**STRING, "$anchor": "n", "maxLength": 3}),
        "breaking",
    ),
    "dynamic anchor narrowed": (
        referring("#n", {**STRING, "$dynamicAnchor": "n"}, "$dynamicRef"),
        referring("#n", {**STRING, "$dynamicAnchor": "n", "maxLength": 3}, "$dynamicRef"),
        "breaking",
    ),
    "identity narrowed": (
        referring("https://x/n", {**STRING, "$id": "https://x/n"}),
        referring("https://x/n", {**STRING, "$id": "https://x/n", "maxLength": 3}),
        "breaking",
    ),
    "anchor for a pointer": (
        referring("#n", {**STRING, "$anchor": "n"}),
        referring("#/components/schemas/N", {**STRING, "$anchor": "n"}),
        "kept",
    ),
    "operation beside a shared item narrowed": (items(STRING), items(WHOLE), "breaking"),
    "operation beside a shared item gone": (items(STRING), items(None), "breaking"),
    "path variables changed places": (at("/a/{x}/{y}", "x", "y"), at("/a/{y}/{x}", "x", "y"), "breaking"),
    "path variables renamed": (at("/a/{x}/{y}", "x", "y"), at("/a/{p}/{q}", "p", "q"), "kept"),
    "path variables listed otherwise": (at("/a/{x}/{y}", "x", "y"), at("/a/{x}/{y}", "y", "x"), "kept"),
    "operations changed names": (named("a", "b"), named("b", "a"), "kept"),
    "less stable": (at("/a"), at("/a", **{"x-stability-level": "draft"}), "unknown"),
    "beta to alpha": (
        at("/a", **{"x-stability-level": "beta"}),
        at("/a", **{"x-stability-level": "alpha"}),
        "unknown",
    ),
    "more stable": (at("/a", **{"x-stability-level": "beta"}), at("/a"), "kept"),
    "stable said": (at("/a"), at("/a", **{"x-stability-level": "stable"}), "kept"),
    "called back elsewhere": (called(_URL), called("{$request.body#/other}"), "breaking"),
    "called back under another name": (called(_URL), called(_URL, name="ended"), "kept"),
    "answer to a call needs a body": (
        called(_URL, {"200": answer()}),
        called(_URL, {"200": answer(None, {"application/json": STRICT})}),
        "unknown",
    ),
    "servers named below the root": (served(), served("https://a/v2"), "unknown"),
    "servers named at the root": (served(), served("https://a"), "kept"),
    "servers named by a slash": (served(), served("/"), "kept"),
    "servers named below and at the root": (served(), served("https://a", "https://a/v2"), "kept"),
    "scope offered no more": (
        secured([{"o": ["r"]}]),
        secured(
            [{"o": ["r"]}],
            sch={
                **SCHEMES,
                "o": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "https://t", "scopes": {"w": ""}}},
                },
            },
        ),
        "unknown",
    ),
    "parameter may no longer be empty": (
        taking(parameter(schema=WHOLE, allowEmptyValue=True)),
        taking(parameter(schema=WHOLE)),
        "breaking",
    ),
    "text may be empty anyway": (
        taking(parameter(allowEmptyValue=True)),
        taking(parameter()),
        "kept",
    ),
    "default in a part of a parameter": (
        taking(parameter(schema={"allOf": [{**WHOLE, "default": 1}]})),
        taking(parameter(schema={"allOf": [{**WHOLE, "default": 2}]})),
        "unknown",
    ),
    "default of a document parameter": (
        taking({"name": "q", "in": "query", "content": {"application/json": {"schema": {"default": 1}}}}),
        taking({"name": "q", "in": "query", "content": {"application/json": {"schema": {"default": 2}}}}),
        "unknown",
    ),
    "default of a property in a query": (
        taking(parameter(schema={"type": "object", "properties": {"a": {"default": 1}}}, style="deepObject")),
        taking(parameter(schema={"type": "object", "properties": {"a": {"default": 2}}}, style="deepObject")),
        "unknown",
    ),
}
PRESUMED_CONVENTIONS: Pairs = {
    "known value of a body gone": (
        document(operation(body={"properties": {"a": {**STRING, "x-extensible-enum": ["a", "b"]}}})),
        document(operation(body={"properties": {"a": {**STRING, "x-extensible-enum": ["a"]}}})),
        "breaking",
    ),
    "known value of a parameter gone": (
        taking(parameter(schema={**STRING, "x-extensible-enum": ["a", "b"]})),
        taking(parameter(schema={**STRING, "x-extensible-enum": ["a"]})),
        "breaking",
    ),
    "known value that is new": (
        taking(parameter(schema={**STRING, "x-extensible-enum": ["a"]})),
        taking(parameter(schema={**STRING, "x-extensible-enum": ["a", "b"]})),
        "kept",
    ),
    "known value of an answer gone": (
        document(operation(answer={**STRING, "x-extensible-enum": ["a", "b"]})),
        document(operation(answer={**STRING, "x-extensible-enum": ["a"]})),
        "kept",
    ),
}
