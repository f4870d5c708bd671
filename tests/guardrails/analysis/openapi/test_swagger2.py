"""A Swagger 2 document promises what its OpenAPI 3 twin does."""

import copy

import pytest

from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.documents import document_of
from guardrails.analysis.openapi.values import Json

THING: Json = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
OLD: dict[str, Json] = {
    "swagger": "2.0",
    "host": "api.example.com",
    "basePath": "/v1",
    "schemes": ["https"],
    "paths": {
        "/things": {
            "parameters": [{"$ref": "#/parameters/trace"}],
            "post": {
                "parameters": [
                    {
                        "name": "body",
                        "in": "body",
                        "required": True,
                        "schema": {"$ref": "#/definitions/Thing"},
                    },
                    {
                        "name": "tags",
                        "in": "query",
                        "type": "array",
                        "items": {"type": "string"},
                        "collectionFormat": "pipes",
                    },
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "schema": {"$ref": "#/definitions/Thing"},
                        "headers": {"X-Left": {"type": "integer"}},
                    }
                },
            },
        },
        "/files": {
            "post": {
                "consumes": ["multipart/form-data"],
                "parameters": [{"name": "file", "in": "formData", "type": "file", "required": True}],
                "responses": {"204": {"description": ""}},
            }
        },
    },
    "parameters": {"trace": {"name": "X-Trace", "in": "header", "type": "string", "x-nullable": True}},
    "definitions": {"Thing": THING},
    "securityDefinitions": {"basic": {"type": "basic"}},
    "security": [{"basic": []}],
}
REFERENCE: Json = {"$ref": "#/components/schemas/Thing"}
JSON: Json = {"application/json": {"schema": REFERENCE}}
NEW: dict[str, Json] = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://api.example.com/v1"}],
    "paths": {
        "/things": {
            "post": {
                "parameters": [
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string", "nullable": True}},
                    {
                        "name": "tags",
                        "in": "query",
                        "style": "pipeDelimited",
                        "explode": False,
                        "schema": {"type": "array", "items": {"type": "string"}},
                    },
                ],
                "requestBody": {"required": True, "content": JSON},
                "responses": {
                    "200": {
                        "description": "",
                        "content": JSON,
                        "headers": {"X-Left": {"schema": {"type": "integer"}}},
                    }
                },
            }
        },
        "/files": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "required": ["file"],
                                "properties": {"file": {"type": "string", "format": "binary"}},
                            }
                        }
                    },
                },
                "responses": {"204": {"description": ""}},
            }
        },
    },
    "components": {
        "schemas": {"Thing": THING},
        "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
    },
    "security": [{"basic": []}],
}


def test_both_spellings_are_the_same_contract() -> None:
    old, new = document_of(copy.deepcopy(OLD)), document_of(NEW)

    assert differences(old, new) == differences(new, old) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("definitions", "Thing", "properties", "id", "maximum"), 9),
        (("paths", "/things", "post", "parameters", 1, "collectionFormat"), "multi"),
        (("paths", "/files", "post", "consumes"), ["application/x-www-form-urlencoded"]),
        (("securityDefinitions", "basic"), {"type": "apiKey", "in": "header", "name": "X-Key"}),
        (("parameters", "trace", "required"), True),
    ],
)
def test_breaks_are_seen_in_swagger_2_as_well(path: tuple[str | int, ...], value: Json) -> None:
    head = copy.deepcopy(OLD)
    place = head
    for name in path[:-1]:
        place = place[name]  # type: ignore[index,assignment]  # every step but the last leads inside
    place[path[-1]] = value  # type: ignore[index]  # as above

    found = differences(document_of(copy.deepcopy(OLD)), document_of(head))

    assert [one.level for one in found][:1] == ["breaking"]
