"""Parameters: where they stand, how they are written, what they may hold."""

from tests.guardrails.analysis.openapi.operations.builders import (
    LIST,
    NAMED,
    OK,
    STRING,
    WHOLE,
    Pairs,
    parameter,
    sharing,
    taking,
)
from tests.guardrails.analysis.openapi.pairs import document

PARAMETERS: Pairs = {
    "explode off": (
        taking(parameter(schema=LIST)),
        taking(parameter(schema=LIST, explode=False)),
        "breaking",
    ),
    "explode default": (taking(parameter(schema=LIST)), taking(parameter(schema=LIST, explode=True)), "kept"),
    "style pipe": (
        taking(parameter(schema=LIST, style="form", explode=False)),
        taking(parameter(schema=LIST, style="pipeDelimited", explode=False)),
        "breaking",
    ),
    "style deepObject": (
        taking(parameter(schema=NAMED)),
        taking(parameter(schema=NAMED, style="deepObject", explode=True)),
        "breaking",
    ),
    "scalar style same": (
        taking(parameter(schema=STRING)),
        taking(parameter(schema=STRING, style="form", explode=False)),
        "kept",
    ),
    "path style label": (
        taking(parameter("id", "path")),
        taking(parameter("id", "path", style="label")),
        "breaking",
    ),
    "path style matrix": (
        taking(parameter("id", "path")),
        taking(parameter("id", "path", style="matrix")),
        "breaking",
    ),
    "header explode obj": (
        taking(parameter("X", "header", schema=NAMED)),
        taking(parameter("X", "header", schema=NAMED, explode=True)),
        "breaking",
    ),
    "header explode arr same": (
        taking(parameter("X", "header", schema=LIST)),
        taking(parameter("X", "header", schema=LIST, explode=True)),
        "kept",
    ),
    "cookie arr": (
        taking(parameter("c", "cookie", schema=LIST, explode=False)),
        taking(parameter("c", "cookie", schema=LIST, explode=True)),
        "breaking",
    ),
    "schema to content": (
        taking(parameter(schema=STRING)),
        taking({"name": "q", "in": "query", "content": {"application/json": {"schema": STRING}}}),
        "breaking",
    ),
    "content to schema": (
        taking({"name": "q", "in": "query", "content": {"application/json": {"schema": NAMED}}}),
        taking(parameter(schema=NAMED)),
        "breaking",
    ),
    "content narrowed": (
        taking({"name": "q", "in": "query", "content": {"application/json": {"schema": NAMED}}}),
        taking(
            {
                "name": "q",
                "in": "query",
                "content": {"application/json": {"schema": {**NAMED, "required": ["a"]}}},
            }
        ),
        "breaking",
    ),
    "content same": (
        taking({"name": "q", "in": "query", "content": {"application/json": {"schema": NAMED}}}),
        taking({"name": "q", "in": "query", "content": {"application/json": {"schema": {"allOf": [NAMED]}}}}),
        "kept",
    ),
    "item param narrowed": (
        sharing(parameter(schema=STRING)),
        sharing(parameter(schema={"type": "string", "maxLength": 3})),
        "breaking",
    ),
    "item param required": (sharing(parameter()), sharing(parameter(required=True)), "breaking"),
    "item to op": (sharing(parameter(required=True)), taking(parameter(required=True)), "kept"),
    "op to item": (taking(parameter(required=True)), sharing(parameter(required=True)), "kept"),
    "op overrides item": (sharing(parameter(schema=WHOLE), op=[parameter()]), taking(parameter()), "kept"),
    "item override narrowed": (
        sharing(parameter()),
        sharing(parameter(), op=[parameter(schema={"type": "string", "maxLength": 2})]),
        "breaking",
    ),
    "in moved query header": (
        taking(parameter(required=True)),
        taking(parameter(where="header", required=True)),
        "breaking",
    ),
    "in moved optional": (taking(parameter()), taking(parameter(where="header")), "unknown"),
    "new required header": (taking(), taking(parameter("X-A", "header", required=True)), "breaking"),
    "new required cookie": (taking(), taking(parameter("c", "cookie", required=True)), "breaking"),
    "new optional": (taking(), taking(parameter()), "kept"),
    "header case": (
        taking(parameter("X-A", "header", required=True)),
        taking(parameter("x-a", "header", required=True)),
        "kept",
    ),
    "query case": (taking(parameter("A", required=True)), taking(parameter("a", required=True)), "breaking"),
    "path rename": (
        document({**OK, "parameters": [parameter("id", "path")]}),
        document({**OK, "parameters": [parameter("key", "path")]}, path="/things/{key}"),
        "kept",
    ),
    "path param pattern": (
        taking(parameter("id", "path")),
        taking(parameter("id", "path", schema={"type": "string", "pattern": "^[0-9]+$"})),
        "breaking",
    ),
    "param int to str": (taking(parameter(schema=WHOLE)), taking(parameter(schema=STRING)), "kept"),
    "param bool to enum": (
        taking(parameter(schema={"type": "boolean"})),
        taking(parameter(schema={"enum": ["true", "false"]})),
        "kept",
    ),
    "param num to int": (
        taking(parameter(schema={"type": "number"})),
        taking(parameter(schema=WHOLE)),
        "breaking",
    ),
    "param default wide": (
        taking(parameter(schema={**WHOLE, "default": 1})),
        taking(parameter(schema={**WHOLE, "default": 2})),
        "unknown",
    ),
    "param array items": (
        taking(parameter(schema=LIST)),
        taking(parameter(schema={"type": "array", "items": {"type": "string", "maxLength": 2}})),
        "breaking",
    ),
    "param maxItems": (
        taking(parameter(schema=LIST)),
        taking(parameter(schema={**LIST, "maxItems": 2})),
        "breaking",
    ),
    "deepObject prop narrowed": (
        taking(parameter(schema=NAMED, style="deepObject")),
        taking(parameter(schema={**NAMED, "required": ["a"]}, style="deepObject")),
        "breaking",
    ),
    "nullable param gone": (
        taking(parameter(schema={"type": ["string", "null"]})),
        taking(parameter(schema=STRING)),
        "breaking",
    ),
}
