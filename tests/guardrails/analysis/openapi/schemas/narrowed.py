"""Pairs of schemas of which the second takes less than the first.

Each is judged in requests and in answers, both ways round.
"""

from guardrails.analysis.openapi.values import Json

STRING: Json = {"type": "string"}
WHOLE: Json = {"type": "integer"}


def shape(*required: str, closed: Json = None, **properties: Json) -> dict[str, Json]:
    """Return the schema of an object."""
    made: dict[str, Json] = {"type": "object", "properties": properties}
    if required:
        made["required"] = list(required)
    return made if closed is None else {**made, "additionalProperties": closed}


def array(items: Json = None, **keywords: Json) -> dict[str, Json]:
    """Return the schema of an array."""
    return {"type": "array", **({} if items is None else {"items": items}), **keywords}


NARROWED: dict[str, tuple[Json, Json]] = {
    "addl closed": (shape(a=STRING), shape(a=STRING, closed=False)),
    "addl typed": (
        {"type": "object", "additionalProperties": STRING},
        {"type": "object", "additionalProperties": {"type": "string", "maxLength": 3}},
    ),
    "maxItems": (array(STRING, maxItems=10), array(STRING, maxItems=9)),
    "minItems": (array(STRING), array(STRING, minItems=1)),
    "unique": (array(WHOLE), array(WHOLE, uniqueItems=True)),
    "minProps": (
        {"type": "object", "additionalProperties": STRING},
        {"type": "object", "additionalProperties": STRING, "minProperties": 2},
    ),
    "maxProps": (
        {"type": "object", "additionalProperties": STRING},
        {"type": "object", "additionalProperties": STRING, "maxProperties": 3},
    ),
    "maxProps named": (
        shape(a=STRING, b=STRING, c=STRING),
        shape(a=STRING, b=STRING, c=STRING) | {"maxProperties": 1},
    ),
    "multipleOf": ({"type": "number"}, {"type": "number", "multipleOf": 0.01}),
    "multipleOf2": ({"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 4}),
    "multipleOf3": ({"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 6}),
    "mult frac": ({"type": "number", "multipleOf": 0.01}, {"type": "number", "multipleOf": 0.1}),
    "mult 0.5 to 1": ({"type": "number", "multipleOf": 0.5}, {"type": "number", "multipleOf": 1}),
    "not const": (STRING, {"type": "string", "not": {"const": "admin"}}),
    "not enum": (STRING, {"type": "string", "not": {"enum": ["root", "admin"]}}),
    "not pattern": (STRING, {"type": "string", "not": {"pattern": "^_"}}),
    "not required both": (
        shape(a=STRING, b=STRING),
        shape(a=STRING, b=STRING) | {"not": {"required": ["a", "b"]}},
    ),
    "root pattern": (STRING, {"type": "string", "pattern": "^[A-Z]{3}$"}),
    "pattern narrow": (
        {"type": "string", "pattern": "^[A-Z]{2,3}$"},
        {"type": "string", "pattern": "^[A-Z]{3}$"},
    ),
    "pattern case": ({"type": "string", "pattern": "^[A-Za-z]+$"}, {"type": "string", "pattern": "^[a-z]+$"}),
    "pattern anchors": ({"type": "string", "pattern": "[0-9]+"}, {"type": "string", "pattern": "^[0-9]+$"}),
    "pattern email-like": (
        {"type": "string", "pattern": "^[^@]+@[^@]+$"},
        {"type": "string", "pattern": "^[^@]+@[^@]+\\.[a-z]+$"},
    ),
    "pattern uuid": (
        {"type": "string", "pattern": "^[0-9a-fA-F-]{36}$"},
        {"type": "string", "pattern": "^[0-9a-f-]{36}$"},
    ),
    "pattern lookahead": ({"type": "string"}, {"type": "string", "pattern": "^(?!admin).*$"}),
    "pattern lookahead2": (
        {"type": "string", "pattern": "^[a-z]+$"},
        {"type": "string", "pattern": "^(?!admin)[a-z]+$"},
    ),
    "pattern unicode": ({"type": "string"}, {"type": "string", "pattern": "^\\p{L}+$"}),
    "minLength": ({"type": "string", "minLength": 2}, {"type": "string", "minLength": 3}),
    "maxLength": ({"type": "string", "maxLength": 255}, {"type": "string", "maxLength": 254}),
    "maxLength+pattern": (
        {"type": "string", "pattern": "^[a-z]+$", "maxLength": 20},
        {"type": "string", "pattern": "^[a-z]+$", "maxLength": 10},
    ),
    "maxLength big": ({"type": "string", "maxLength": 100000}, {"type": "string", "maxLength": 65535}),
    "int32": ({"type": "integer", "format": "int64"}, {"type": "integer", "format": "int32"}),
    "int32 from none": (WHOLE, {"type": "integer", "format": "int32"}),
    "int64 from none": (WHOLE, {"type": "integer", "format": "int64"}),
    "float": ({"type": "number", "format": "double"}, {"type": "number", "format": "float"}),
    "number int": ({"type": "number"}, WHOLE),
    "num->int32": ({"type": "number"}, {"type": "integer", "format": "int32"}),
    "excl": ({"type": "number", "maximum": 10}, {"type": "number", "exclusiveMaximum": 10}),
    "excl int": ({"type": "integer", "maximum": 10}, {"type": "integer", "exclusiveMaximum": 10}),
    "min neg": ({"type": "integer", "minimum": -5}, {"type": "integer", "minimum": 0}),
    "min float": ({"type": "number", "minimum": 0.1}, {"type": "number", "minimum": 0.15}),
    "min tiny": ({"type": "number", "minimum": 0}, {"type": "number", "minimum": 1e-09}),
    "max huge": ({"type": "integer", "maximum": 10**15}, {"type": "integer", "maximum": 10**15 - 1}),
    "contains": (array(STRING), array(STRING, contains={"const": "x"})),
    "contains min": (
        array(WHOLE, contains={"type": "integer", "minimum": 5}),
        array(WHOLE, contains={"type": "integer", "minimum": 5}, minContains=2),
    ),
    "contains max": (
        array(WHOLE, contains={"type": "integer", "minimum": 5}),
        array(WHOLE, contains={"type": "integer", "minimum": 5}, maxContains=2),
    ),
    "contains narrower": (array(WHOLE, contains={"minimum": 5}), array(WHOLE, contains={"minimum": 6})),
    "prefixItems": (array(prefixItems=[STRING, WHOLE]), array(prefixItems=[STRING, WHOLE], items=False)),
    "prefix narrow": (array(prefixItems=[STRING, {"type": "number"}]), array(prefixItems=[STRING, WHOLE])),
    "prefix more": (array(prefixItems=[STRING]), array(prefixItems=[STRING, WHOLE])),
    "unevalItems": (array(prefixItems=[STRING]), array(prefixItems=[STRING], unevaluatedItems=False)),
    "unevalItems contains": (
        array(contains={"type": "integer"}),
        array(contains={"type": "integer"}, unevaluatedItems=False),
    ),
    "unevalProps": (
        {"allOf": [shape(a=STRING)], "properties": {"b": STRING}},
        {"allOf": [shape(a=STRING)], "properties": {"b": STRING}, "unevaluatedProperties": False},
    ),
    "unevalProps schema": (
        {"allOf": [shape(a=STRING)]},
        {"allOf": [shape(a=STRING)], "unevaluatedProperties": WHOLE},
    ),
    "unevalProps anyOf": (
        {"type": "object", "anyOf": [shape("a", a=STRING), shape("b", b=STRING)]},
        {
            "type": "object",
            "anyOf": [shape("a", a=STRING), shape("b", b=STRING)],
            "unevaluatedProperties": False,
        },
    ),
    "unevalProps if": (
        {
            "type": "object",
            "properties": {"k": STRING},
            "if": {"properties": {"k": {"const": "x"}}, "required": ["k"]},
            "then": {"properties": {"v": WHOLE}},
        },
        {
            "type": "object",
            "properties": {"k": STRING},
            "if": {"properties": {"k": {"const": "x"}}, "required": ["k"]},
            "then": {"properties": {"v": WHOLE}},
            "unevaluatedProperties": False,
        },
    ),
    "required undeclared": (shape(a=STRING), shape("z", a=STRING)),
    "required declared": (shape(a=STRING, b=STRING), shape("b", a=STRING, b=STRING)),
    "depReq": (shape(a=STRING, b=STRING), shape(a=STRING, b=STRING) | {"dependentRequired": {"a": ["b"]}}),
    "depReq more": (
        shape(a=STRING, b=STRING, c=STRING) | {"dependentRequired": {"a": ["b"]}},
        shape(a=STRING, b=STRING, c=STRING) | {"dependentRequired": {"a": ["b", "c"]}},
    ),
    "depSchemas": (
        shape(a=STRING, b=WHOLE),
        shape(a=STRING, b=WHOLE) | {"dependentSchemas": {"a": {"properties": {"b": {"minimum": 5}}}}},
    ),
    "if/then": (
        shape(kind=STRING, v=STRING),
        shape(kind=STRING, v=STRING)
        | {"if": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]}, "then": {"required": ["v"]}},
    ),
    "if/else": (
        shape(kind=STRING, v=STRING),
        shape(kind=STRING, v=STRING)
        | {"if": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]}, "else": {"required": ["v"]}},
    ),
    "then narrower": (
        shape(kind=STRING, v=WHOLE)
        | {
            "if": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]},
            "then": {"properties": {"v": {"minimum": 1}}},
        },
        shape(kind=STRING, v=WHOLE)
        | {
            "if": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]},
            "then": {"properties": {"v": {"minimum": 7}}},
        },
    ),
    "if widened": (
        shape(kind=STRING, v=WHOLE)
        | {"if": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]}, "then": {"required": ["v"]}},
        shape(kind=STRING, v=WHOLE)
        | {
            "if": {"properties": {"kind": {"enum": ["x", "y"]}}, "required": ["kind"]},
            "then": {"required": ["v"]},
        },
    ),
    "propertyNames": ({"type": "object"}, {"type": "object", "propertyNames": {"pattern": "^x-"}}),
    "propertyNames len": (
        {"type": "object", "additionalProperties": STRING},
        {"type": "object", "additionalProperties": STRING, "propertyNames": {"maxLength": 5}},
    ),
    "patternProps": ({"type": "object"}, {"type": "object", "patternProperties": {"^x-": STRING}}),
    "patternProps narrower": (
        {"type": "object", "patternProperties": {"^x-": STRING}},
        {"type": "object", "patternProperties": {"^x-": {"type": "string", "minLength": 2}}},
    ),
    "anyOf to oneOf": (
        {"anyOf": [shape("a", a=STRING), shape("b", b=STRING)]},
        {"oneOf": [shape("a", a=STRING), shape("b", b=STRING)]},
    ),
    "anyOf to oneOf num": (
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "integer", "maximum": 10}]},
        {"oneOf": [{"type": "integer", "minimum": 0}, {"type": "integer", "maximum": 10}]},
    ),
    "anyOf branch narrowed": (
        {"anyOf": [STRING, WHOLE]},
        {"anyOf": [STRING, {"type": "integer", "minimum": 0}]},
    ),
    "allOf branch": ({"allOf": [STRING]}, {"allOf": [STRING, {"minLength": 3}]}),
    "false": (STRING, False),
    "true to": (True, STRING),
    "items false": (array(STRING), array(items=False)),
    "prop false": (shape(a=STRING, b=STRING), shape(a=STRING, b=False)),
    "true prop": (
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": {"a": STRING}},
    ),
    "type to null gone": ({"type": ["integer", "null"]}, WHOLE),
    "const": ({"enum": ["a", "b"]}, {"const": "a"}),
    "const change": ({"enum": ["a", "b", None]}, {"enum": ["a", "b"]}),
    "enum num": ({"enum": [1, 2, 3]}, {"enum": [1, 2]}),
    "enum obj": ({"enum": [{"a": 1}, {"a": 2}]}, {"enum": [{"a": 1}]}),
    "bool const": ({"type": "boolean"}, {"const": True}),
    "nested array": (array(array(STRING)), array(array({"type": "string", "minLength": 1}))),
    "nested unique": (shape(t=array(array(WHOLE))), shape(t=array(array(WHOLE, uniqueItems=True)))),
    "deep not": (shape(a=shape(b=STRING)), shape(a=shape(b={"type": "string", "not": {"const": ""}}))),
    "format date": (STRING, {"type": "string", "format": "date"}),
    "format datetime": (STRING, {"type": "string", "format": "date-time"}),
    "format email": (STRING, {"type": "string", "format": "email"}),
    "format ipv4": (STRING, {"type": "string", "format": "ipv4"}),
    "format ipv6": (STRING, {"type": "string", "format": "ipv6"}),
    "format uri": (STRING, {"type": "string", "format": "uri"}),
    "format hostname": (STRING, {"type": "string", "format": "hostname"}),
    "format time": (STRING, {"type": "string", "format": "time"}),
    "format duration": (STRING, {"type": "string", "format": "duration"}),
    "format uri-ref": (STRING, {"type": "string", "format": "uri-reference"}),
    "format jsonptr": (STRING, {"type": "string", "format": "json-pointer"}),
    "contentEncoding": (STRING, {"type": "string", "contentEncoding": "base64"}),
    "min items unique combos": (
        array({"enum": ["a", "b", "c"]}),
        array({"enum": ["a", "b", "c"]}, uniqueItems=True),
    ),
    "items bool enum unique": (array({"type": "boolean"}), array({"type": "boolean"}, uniqueItems=True)),
    "deep required": (shape("a", a=shape(b=shape(c=STRING))), shape("a", a=shape(b=shape("c", c=STRING)))),
    "array of unions": (array({"oneOf": [STRING, WHOLE]}), array({"oneOf": [STRING]})),
    "map of arrays": (
        {"type": "object", "additionalProperties": array(STRING)},
        {"type": "object", "additionalProperties": array(STRING, maxItems=2)},
    ),
    "minProps w/ declared": (shape(a=STRING), shape(a=STRING) | {"minProperties": 1}),
    "not type": ({}, {"not": {"type": "null"}}),
    "dep on const": (
        shape(a=STRING, b=STRING),
        {"anyOf": [shape("b", a=STRING, b=STRING), shape(a={"const": "x"}, b=STRING)]},
    ),
    "closed loses prop": (shape(a=STRING, b=STRING, closed=False), shape(a=STRING, closed=False)),
    "required within allOf": (
        {"allOf": [shape(a=STRING), shape(b=STRING)]},
        {"allOf": [shape(a=STRING), shape("b", b=STRING)]},
    ),
    "enum case": ({"enum": ["A", "a"]}, {"enum": ["A"]}),
    "max on union": ({"type": ["integer", "string"]}, {"type": ["integer", "string"], "maximum": 100}),
    "minLength union": ({"type": ["integer", "string"]}, {"type": ["integer", "string"], "minLength": 2}),
    "maxLength union array": ({"type": ["array", "string"]}, {"type": ["array", "string"], "maxItems": 2}),
    "typeless min": ({}, {"minimum": 3}),
    "typeless maxlen": ({}, {"maxLength": 3}),
    "typeless req": ({}, {"required": ["a"]}),
    "property beside one that another asks for": (
        {**shape("b", b=STRING), "dependentRequired": {"b": ["c"]}},
        {**shape("b", b={"type": "string", "maxLength": 3}), "dependentRequired": {"b": ["c"]}},
    ),
    "dependency of an undeclared name": (
        shape("k", k=WHOLE, closed=STRING),
        {**shape("k", k=WHOLE, closed=STRING), "dependentRequired": {"c": ["a"]}},
    ),
    "property of an object that must have more": (
        {**shape(a=STRING), "minProperties": 2},
        {**shape(a={"type": "string", "maxLength": 2}), "minProperties": 2},
    ),
    "closed object that must have more": (
        {**shape(a=STRING, b=WHOLE, closed=False), "minProperties": 2, "patternProperties": {"^x-": WHOLE}},
        {
            **shape(a=STRING, b={"type": "integer", "minimum": 7}, closed=False),
            "minProperties": 2,
            "patternProperties": {"^x-": WHOLE},
        },
    ),
    "shorter names": (
        {"type": "object", "additionalProperties": STRING, "propertyNames": {"pattern": "^[ab]*$"}},
        {
            "type": "object",
            "additionalProperties": STRING,
            "propertyNames": {"pattern": "^[ab]*$", "maxLength": 2},
        },
    ),
    "value under a name of one kind": (
        {
            "type": "object",
            "propertyNames": {"pattern": "^x-"},
            "additionalProperties": {"type": ["string", "null"]},
        },
        {"type": "object", "propertyNames": {"pattern": "^x-"}, "additionalProperties": STRING},
    ),
    "more of unlike objects": (
        array(shape(a=WHOLE, closed=False), uniqueItems=True, minItems=2),
        array(shape(a=WHOLE, closed=False), uniqueItems=True, minItems=3),
    ),
    "item beside one that must be there": (
        array({"type": "number", "minimum": -2}, contains={"type": "integer", "minimum": 2}),
        array({"type": "number", "minimum": -1}, contains={"type": "integer", "minimum": 2}),
    ),
    "property that only a condition describes": (
        {
            "type": "object",
            "properties": {"c": STRING},
            "if": {"properties": {"kind": {"const": "cat"}}, "required": ["kind"]},
            "else": {"properties": {"a": {"enum": ["dog", "hen"]}}},
        },
        {
            "type": "object",
            "properties": {"c": STRING},
            "if": {"properties": {"kind": {"const": "cat"}}, "required": ["kind"]},
            "else": {"properties": {"a": {"enum": ["dog"]}}},
        },
    ),
    "name asked for gets a type": (
        {"type": "object", "required": ["k"]},
        {"type": "object", "required": ["k"], "properties": {"k": STRING}},
    ),
    "name that another asks for gets a type": (
        {**shape(a=STRING), "dependentRequired": {"a": ["k"]}},
        {**shape(a=STRING, k=WHOLE), "dependentRequired": {"a": ["k"]}},
    ),
    "unevaluated typed narrower": (
        {"allOf": [shape(a=STRING)], "properties": {"b": WHOLE}, "unevaluatedProperties": {"type": "number"}},
        {"allOf": [shape(a=STRING)], "properties": {"b": WHOLE}, "unevaluatedProperties": WHOLE},
    ),
    "unevaluated where less is evaluated": (
        {
            "allOf": [shape(a=STRING), {"patternProperties": {"^x-": WHOLE}}],
            "properties": {"b": WHOLE},
            "unevaluatedProperties": False,
        },
        {"allOf": [shape(a=STRING)], "properties": {"b": WHOLE}, "unevaluatedProperties": False},
    ),
    "unevaluated beside a branch that evaluated": (
        {
            "anyOf": [shape("a", a=STRING), {"patternProperties": {"^x-": WHOLE}, "required": ["x-1"]}],
            "properties": {"b": WHOLE},
            "unevaluatedProperties": False,
        },
        {"anyOf": [shape("a", a=STRING)], "properties": {"b": WHOLE}, "unevaluatedProperties": False},
    ),
    "condition on another tag": (
        {
            "type": "object",
            "if": {"properties": {"kind": {"const": "b"}}},
            "then": {"properties": {"value": {"type": "integer", "minimum": 5}}},
        },
        {
            "type": "object",
            "if": {"properties": {"kind": {"enum": ["a", "b"]}}},
            "then": {"properties": {"value": {"type": "integer", "minimum": 5}}},
        },
    ),
}
