"""The same contract in other words: versions of OpenAPI, frameworks that write it anew, bytes and texts."""

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.operations.builders import (
    LIST,
    OPEN,
    STRING,
    Pairs,
    answer,
    answering,
    body,
    parameter,
    reading,
    taking,
    versioned,
    webhook,
)
from tests.guardrails.analysis.openapi.pairs import Object, document, operation

_BINARY: Object = {"type": "string", "format": "binary"}
_LETTERS: Object = {"type": "string", "enum": ["a", "b"]}
_PART: Object = {"type": "object", "properties": {"f": STRING}}
_FILE: Object = {"type": "object", "properties": {"f": _BINARY}}
_NULL: Object = {"type": "null"}


def sent(media: str, schema: Json = None) -> Object:
    """Return a document whose operation answers with a media type, of a schema where there is one."""
    content: Json = {media: {} if schema is None else {"schema": schema}}
    return answering(**{"200": {"description": "", "content": content}})


def sharing(schema: Json, made: Object) -> Object:
    """Return the document with a definition."""
    return {**made, "components": {"schemas": {"E": schema}}}


def holding(schema: Json, *, version: str = "3.1.0") -> Object:
    """Return a document whose operation answers with an object that holds the schema."""
    made: Object = {"type": "object", "properties": {"a": schema}}
    return versioned(made, version, answer=True)


def embedding(*needed: str) -> Object:
    """Return a document whose operation takes text that holds JSON."""
    inner: Json = {"type": "object", "properties": {"a": STRING}, "required": list[Json](needed)}
    text: Json = {**STRING, "contentMediaType": "application/json", "contentSchema": inner}
    return document(operation(body={"type": "object", "properties": {"t": text}}))


PRESUMED_REWRITTEN: Pairs = {
    "text that holds more": (embedding(), embedding("a"), "breaking"),
    "text that may hold less": (embedding("a"), embedding(), "kept"),
}
_E: Object = {"$ref": "#/components/schemas/E"}
REWRITTEN: Pairs = {
    "image without a schema": (sent("image/png", _BINARY), sent("image/png"), "kept"),
    "image with a schema": (sent("image/png"), sent("image/png", _BINARY), "kept"),
    "bytes as 3.1 writes them": (
        sent("application/octet-stream", _BINARY),
        sent("application/octet-stream", {"contentMediaType": "application/octet-stream"}),
        "kept",
    ),
    "text without a schema": (sent("text/plain", STRING), sent("text/plain"), "kept"),
    "text that is no longer short": (
        sent("text/plain", {**STRING, "maxLength": 3}),
        sent("text/plain"),
        "breaking",
    ),
    "JSON without a schema": (sent("application/json", STRING), sent("application/json"), "breaking"),
    "drawing is XML": (sent("image/svg+xml", STRING), sent("image/svg+xml"), "breaking"),
    "base64 of 3.0 and of 3.1": (
        versioned({"type": "string", "format": "byte"}, answer=True),
        versioned({"type": "string", "contentEncoding": "base64"}, "3.1.0", answer=True),
        "kept",
    ),
    "webhooks of 3.0 and of 3.1": (
        {"openapi": "3.0.3", "paths": {}, "x-webhooks": {"e": {"post": reading(STRING)}}},
        webhook(STRING),
        "kept",
    ),
    "nullable choice": (holding({"anyOf": [STRING, _NULL]}), holding({"type": ["null", "string"]}), "kept"),
    "nullable enumeration": (
        holding({"type": "string", "nullable": True, "enum": ["a", None]}, version="3.0.3"),
        holding({"type": ["string", "null"], "enum": ["a", None]}),
        "kept",
    ),
    "enumeration shared": (
        taking(parameter(schema=_LETTERS)),
        sharing(_LETTERS, taking(parameter(schema=_E))),
        "kept",
    ),
    "default beside a reference": (
        sharing(_LETTERS, taking(parameter(schema={"allOf": [_E], "default": "a"}))),
        sharing(_LETTERS, taking(parameter(schema={"$ref": "#/components/schemas/E", "default": "a"}))),
        "kept",
    ),
    "default beside a reference is another": (
        sharing(_LETTERS, taking(parameter(schema={"$ref": "#/components/schemas/E", "default": "a"}))),
        sharing(_LETTERS, taking(parameter(schema={"$ref": "#/components/schemas/E", "default": "b"}))),
        "unknown",
    ),
    "definition split by direction": (
        sharing(
            {"type": "object", "properties": {"a": STRING, "id": {**STRING, "readOnly": True}}},
            document(operation(body=_E)),
        ),
        document(operation(body={"type": "object", "properties": {"a": STRING}})),
        "kept",
    ),
    "tags, summaries and extensions": (
        document({**operation(), "tags": ["a"], "summary": "s", "x-a": 1}),
        document({**operation(), "tags": ["b"], "summary": "t", "x-b": 2, "deprecated": True}),
        "kept",
    ),
    "part of a form typed": (
        body("multipart/form-data", _PART),
        body("multipart/form-data", _PART, enc={"f": {"contentType": "application/json"}}),
        "breaking",
    ),
    "list of texts in a form typed": (
        body("multipart/form-data", {"type": "object", "properties": {"f": LIST}}),
        body(
            "multipart/form-data",
            {"type": "object", "properties": {"f": LIST}},
            enc={"f": {"contentType": "application/json"}},
        ),
        "breaking",
    ),
    "shared part of a form typed": (
        sharing(OPEN, body("multipart/form-data", {"type": "object", "properties": {"f": _E}})),
        sharing(
            OPEN,
            body(
                "multipart/form-data",
                {"type": "object", "properties": {"f": _E}},
                enc={"f": {"contentType": "application/xml"}},
            ),
        ),
        "breaking",
    ),
    "part of a form typed as it was implied": (
        body("multipart/form-data", _PART),
        body("multipart/form-data", _PART, enc={"f": {"contentType": "text/plain"}}),
        "kept",
    ),
    "file of a form typed": (
        body("multipart/form-data", _FILE),
        body("multipart/form-data", _FILE, enc={"f": {"contentType": "image/png"}}),
        "unknown",
    ),
    "file of a form typed otherwise": (
        body("multipart/form-data", _FILE, enc={"f": {"contentType": "application/octet-stream"}}),
        body("multipart/form-data", _FILE, enc={"f": {"contentType": "image/png"}}),
        "breaking",
    ),
    "errors described": (
        answering(**{"200": answer()}),
        answering(**{"200": answer(), "422": answer(None, {"application/json": STRING})}),
        "kept",
    ),
}
