"""Operations, versions of OpenAPI, references, and properties of one direction."""

from tests.guardrails.analysis.openapi.operations.builders import OK, STRING, Pairs, parameter, versioned
from tests.guardrails.analysis.openapi.pairs import document, operation

VERSIONS: Pairs = {
    "op removed": (document(OK), document(OK, method="get"), "breaking"),
    "path removed": (document(OK), document(OK, path="/other"), "breaking"),
    "nullable30->31": (
        versioned({"type": "string", "nullable": True}),
        versioned({"type": ["string", "null"]}, "3.1.0"),
        "kept",
    ),
    "nullable removed": (versioned({"type": "string", "nullable": True}), versioned(STRING), "breaking"),
    "excl 30->31": (
        versioned({"type": "number", "minimum": 0, "exclusiveMinimum": True}),
        versioned({"type": "number", "exclusiveMinimum": 0}, "3.1.0"),
        "kept",
    ),
    "excl30 dropped": (
        versioned({"type": "number", "minimum": 0, "exclusiveMinimum": True}, answer=True),
        versioned({"type": "number", "minimum": 0}, answer=True),
        "breaking",
    ),
    "excl30 false": (
        versioned({"type": "number", "minimum": 0, "exclusiveMinimum": False}),
        versioned({"type": "number", "minimum": 0}),
        "kept",
    ),
    "ref sibling 3.0 ignored": (
        {**versioned({"$ref": "#/components/schemas/N"}), "components": {"schemas": {"N": STRING}}},
        {
            **versioned({"$ref": "#/components/schemas/N", "maxLength": 3}),
            "components": {"schemas": {"N": STRING}},
        },
        "kept",
    ),
    "ref sibling 3.1 counts": (
        {**versioned({"$ref": "#/components/schemas/N"}, "3.1.0"), "components": {"schemas": {"N": STRING}}},
        {
            **versioned({"$ref": "#/components/schemas/N", "maxLength": 3}, "3.1.0"),
            "components": {"schemas": {"N": STRING}},
        },
        "breaking",
    ),
    "enum nullable 30": (
        versioned({"type": "string", "enum": ["a"], "nullable": True}),
        versioned({"type": "string", "enum": ["a"]}),
        "breaking",
    ),
    "nullable ref allOf": (
        {
            **versioned({"nullable": True, "allOf": [{"$ref": "#/components/schemas/N"}]}),
            "components": {"schemas": {"N": STRING}},
        },
        {
            **versioned({"anyOf": [{"$ref": "#/components/schemas/N"}, {"type": "null"}]}, "3.1.0"),
            "components": {"schemas": {"N": STRING}},
        },
        "kept",
    ),
    "path item ref": (
        {
            "openapi": "3.1.0",
            "paths": {"/a": {"$ref": "#/components/pathItems/A"}},
            "components": {"pathItems": {"A": {"get": {**OK, "parameters": [parameter()]}}}},
        },
        {"openapi": "3.1.0", "paths": {"/a": {"get": {**OK, "parameters": [parameter()]}}}},
        "kept",
    ),
    "path item ref narrowed": (
        {
            "openapi": "3.1.0",
            "paths": {"/a": {"$ref": "#/components/pathItems/A"}},
            "components": {"pathItems": {"A": {"get": {**OK, "parameters": [parameter()]}}}},
        },
        {
            "openapi": "3.1.0",
            "paths": {"/a": {"$ref": "#/components/pathItems/A"}},
            "components": {"pathItems": {"A": {"get": {**OK, "parameters": [parameter(required=True)]}}}},
        },
        "breaking",
    ),
    "readOnly required req": (
        document(
            operation(body={"type": "object", "properties": {"id": {"type": "string", "readOnly": True}}})
        ),
        document(
            operation(
                body={
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": {"type": "string", "readOnly": True}},
                }
            )
        ),
        "kept",
    ),
    "readOnly required resp dropped": (
        document(
            operation(
                answer={
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": {"type": "string", "readOnly": True}},
                }
            )
        ),
        document(
            operation(answer={"type": "object", "properties": {"id": {"type": "string", "readOnly": True}}})
        ),
        "breaking",
    ),
    "writeOnly resp": (
        document(
            operation(
                answer={
                    "type": "object",
                    "required": ["p"],
                    "properties": {"p": {"type": "string", "writeOnly": True}},
                }
            )
        ),
        document(
            operation(answer={"type": "object", "properties": {"p": {"type": "string", "writeOnly": True}}})
        ),
        "kept",
    ),
    "readOnly to normal required": (
        document(
            operation(
                body={
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": {"type": "string", "readOnly": True}},
                }
            )
        ),
        document(
            operation(body={"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}})
        ),
        "breaking",
    ),
}
