"""Swagger 2 documents, read as OpenAPI 3."""

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.operations.builders import STRING, WHOLE, Pairs
from tests.guardrails.analysis.openapi.pairs import Object

_DONE: Json = {"200": {"description": ""}}
_BODY: Object = {"in": "body", "name": "b", "schema": STRING}
_TAGS: Object = {"name": "q", "in": "query", "type": "array", "items": STRING}
_FIELDS: Object = {**_TAGS, "in": "formData"}
_KEY: Object = {"type": "apiKey", "in": "header", "name": "K"}
_NAMED: Object = {"type": "object", "properties": {"a": STRING}}
_KINDS: Object = {
    "type": "object",
    "properties": {"kind": STRING, "sort": STRING},
    "required": ["kind", "sort"],
    "discriminator": "kind",
}


def swagger(own: Object | None = None, *parameters: Object, **root: Json) -> Object:
    """Return a Swagger 2 document of one operation."""
    taken: Object = {"parameters": list[Json](parameters)} if parameters else {}
    return {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/t/{id}": {"post": {"responses": _DONE, **taken, **(own or {})}}},
        **root,
    }


def answered(schema: Object, **root: Json) -> Object:
    """Return a document whose operation answers with the schema."""
    return swagger({"responses": {"200": {"description": "", "schema": schema}}}, **root)


def guarded(scheme: Object) -> Object:
    """Return a document whose operation needs a scheme."""
    return swagger({"security": [{"k": ["r"]}]}, securityDefinitions={"k": scheme})


def token(flow: str, **addresses: Json) -> Object:
    """Return a scheme of tokens."""
    return {"type": "oauth2", "flow": flow, "scopes": {"r": ""}, **addresses}


SWAGGER: Pairs = {
    "sw authorization required": (
        swagger(),
        swagger(None, {"name": "Authorization", "in": "header", "type": "string", "required": True}),
        "breaking",
    ),
    "sw consumes": (
        swagger(None, _BODY, consumes=["application/json"]),
        swagger(None, _BODY, consumes=["application/xml"]),
        "breaking",
    ),
    "sw produces": (
        answered(STRING, produces=["application/json", "text/csv"]),
        answered(STRING, produces=["application/json"]),
        "breaking",
    ),
    "sw list written otherwise": (
        swagger(None, _TAGS),
        swagger(None, {**_TAGS, "collectionFormat": "multi"}),
        "breaking",
    ),
    "sw list written as ever": (
        swagger(None, _TAGS),
        swagger(None, {**_TAGS, "collectionFormat": "csv"}),
        "kept",
    ),
    "sw field written otherwise": (
        swagger(None, {**_FIELDS, "collectionFormat": "multi"}),
        swagger(None, _FIELDS),
        "breaking",
    ),
    "sw field written as ever": (
        swagger(None, {**_FIELDS, "collectionFormat": "csv"}),
        swagger(None, _FIELDS),
        "kept",
    ),
    "sw parameter may no longer be empty": (
        swagger(None, {"name": "q", "in": "query", "type": "integer", "allowEmptyValue": True}),
        swagger(None, {"name": "q", "in": "query", "type": "integer"}),
        "breaking",
    ),
    "sw field required": (
        swagger(None, {**_FIELDS}),
        swagger(None, {**_FIELDS, "required": True}),
        "breaking",
    ),
    "sw path": (swagger(host="a.b", basePath="/v1"), swagger(host="a.b", basePath="/v2"), "breaking"),
    "sw path new": (swagger(), swagger(basePath="/v2"), "unknown"),
    "sw scheme gone": (
        swagger(host="a.b", schemes=["http", "https"]),
        swagger(host="a.b", schemes=["https"]),
        "unknown",
    ),
    "sw scheme of one operation gone": (
        swagger({"schemes": ["http", "https"]}, host="a.b"),
        swagger({"schemes": ["https"]}, host="a.b"),
        "unknown",
    ),
    "sw nullable answer": (
        answered({"type": "object", "properties": {"a": STRING}}),
        answered({"type": "object", "properties": {"a": {**STRING, "x-nullable": True}}}),
        "breaking",
    ),
    "sw header type": (
        swagger({"responses": {"200": {"description": "", "headers": {"X": WHOLE}}}}),
        swagger({"responses": {"200": {"description": "", "headers": {"X": STRING}}}}),
        "breaking",
    ),
    "sw shared body narrowed": (
        swagger(None, {"$ref": "#/parameters/B"}, parameters={"B": _BODY}),
        swagger(None, {"$ref": "#/parameters/B"}, parameters={"B": {**_BODY, "schema": WHOLE}}),
        "breaking",
    ),
    "sw shared answer": (
        swagger(
            {"responses": {"200": {"$ref": "#/responses/R"}}},
            responses={"R": {"description": "", "schema": WHOLE}},
        ),
        swagger(
            {"responses": {"200": {"$ref": "#/responses/R"}}},
            responses={"R": {"description": "", "schema": STRING}},
        ),
        "breaking",
    ),
    "sw discriminator": (
        answered({"$ref": "#/definitions/P"}, definitions={"P": _KINDS}),
        answered({"$ref": "#/definitions/P"}, definitions={"P": {**_KINDS, "discriminator": "sort"}}),
        "unknown",
    ),
    "sw key moved": (guarded(_KEY), guarded({**_KEY, "in": "query"}), "breaking"),
    "sw flow": (
        guarded(token("implicit", authorizationUrl="https://a")),
        guarded(token("application", tokenUrl="https://t")),
        "unknown",
    ),
    "sw token address": (
        guarded(token("application", tokenUrl="https://a")),
        guarded(token("application", tokenUrl="https://t")),
        "unknown",
    ),
    "sw to openapi 3": (
        swagger(None, {**_BODY, "required": True, "schema": _NAMED}),
        {
            "openapi": "3.0.3",
            "paths": {
                "/t/{id}": {
                    "post": {
                        "responses": _DONE,
                        "requestBody": {
                            "required": True,
                            "content": {"application/json": {"schema": _NAMED}},
                        },
                    }
                }
            },
        },
        "kept",
    ),
}
