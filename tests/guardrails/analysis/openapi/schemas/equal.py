"""Pairs of schemas that say the same to every message that has a meaning.

Each is judged in requests and in answers, both ways round.
"""

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.schemas.narrowed import STRING, WHOLE, array, shape

EQUAL: dict[str, tuple[Json, Json]] = {
    "enum const": ({"enum": ["a"]}, {"const": "a"}),
    "anyOf consts enum": ({"anyOf": [{"const": "a"}, {"const": "b"}]}, {"enum": ["a", "b"]}),
    "oneOf consts enum": (
        {"oneOf": [{"const": "a"}, {"const": "b"}]},
        {"type": "string", "enum": ["a", "b"]},
    ),
    "disjoint oneOf anyOf": ({"oneOf": [STRING, WHOLE]}, {"anyOf": [STRING, WHOLE]}),
    "disjoint oneOf anyOf objs": (
        {"oneOf": [shape("k", k={"const": "a"}, x=STRING), shape("k", k={"const": "b"}, y=WHOLE)]},
        {"anyOf": [shape("k", k={"const": "a"}, x=STRING), shape("k", k={"const": "b"}, y=WHOLE)]},
    ),
    "disjoint by bounds": (
        {"oneOf": [{"type": "integer", "maximum": 5}, {"type": "integer", "minimum": 6}]},
        {"anyOf": [{"type": "integer", "maximum": 5}, {"type": "integer", "minimum": 6}]},
    ),
    "bounds union whole": (
        {"anyOf": [{"type": "integer", "maximum": 5}, {"type": "integer", "minimum": 6}]},
        {"type": "integer"},
    ),
    "allOf flatten": (
        {"allOf": [shape("a", a=STRING), shape("b", b=WHOLE)]},
        shape("a", "b", a=STRING, b=WHOLE),
    ),
    "allOf flatten nested": (
        {"allOf": [{"allOf": [shape(a=STRING)]}, shape(b=WHOLE)]},
        shape(a=STRING, b=WHOLE),
    ),
    "allOf bounds": (
        {"allOf": [{"type": "integer", "minimum": 0}, {"maximum": 10}]},
        {"type": "integer", "minimum": 0, "maximum": 10},
    ),
    "allOf two patterns order": (
        {"allOf": [{"type": "string", "pattern": "^a"}, {"pattern": "b$"}]},
        {"allOf": [{"pattern": "b$"}, {"type": "string", "pattern": "^a"}]},
    ),
    "exclMin int": ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1}),
    "exclMin int allOf": ({"allOf": [WHOLE, {"exclusiveMinimum": 0}]}, {"type": "integer", "minimum": 1}),
    "frac bound int": ({"type": "integer", "minimum": 0.5}, {"type": "integer", "minimum": 1}),
    "depReq if": (
        shape(a=STRING, b=STRING) | {"dependentRequired": {"a": ["b"]}},
        shape(a=STRING, b=STRING) | {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
    ),
    "depReq anyOf": (
        shape(a=STRING, b=STRING) | {"dependentRequired": {"a": ["b"]}},
        shape(a=STRING, b=STRING) | {"anyOf": [{"not": {"required": ["a"]}}, {"required": ["b"]}]},
    ),
    "depSchemas depReq": (
        shape(a=STRING, b=STRING) | {"dependentRequired": {"a": ["b"]}},
        shape(a=STRING, b=STRING) | {"dependentSchemas": {"a": {"required": ["b"]}}},
    ),
    "type list anyOf": ({"type": ["string", "integer"]}, {"anyOf": [STRING, WHOLE]}),
    "type list oneOf null": ({"type": ["string", "null"]}, {"oneOf": [{"type": "null"}, STRING]}),
    "type list with keywords": (
        {"type": ["string", "null"], "maxLength": 5},
        {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]},
    ),
    "minLength pattern": (
        {"type": "string", "minLength": 1},
        {"type": "string", "pattern": "^[\\s\\STRING]+$"},
    ),
    "pattern rep": ({"type": "string", "pattern": "^a{2}$"}, {"type": "string", "pattern": "^aa$"}),
    "pattern class": ({"type": "string", "pattern": "^\\d{3}$"}, {"type": "string", "pattern": "^[0-9]{3}$"}),
    "pattern enum": ({"type": "string", "pattern": "^(red|green)$"}, {"enum": ["red", "green"]}),
    "pattern len": (
        {"type": "string", "pattern": "^[a-z]{3}$"},
        {"type": "string", "pattern": "^[a-z]{3}$", "minLength": 3, "maxLength": 3},
    ),
    "pattern len2": (
        {"type": "string", "pattern": "^[a-z]*$", "maxLength": 5},
        {"type": "string", "pattern": "^[a-z]{0,5}$"},
    ),
    "annotations": ({"type": "string", "contentMediaType": "application/json"}, STRING),
    "title etc": (
        {"type": "string", "title": "a", "deprecated": False, "examples": ["x"], "$comment": "z"},
        {"type": "string", "default": None},
    ),
    "not not": ({"not": {"not": STRING}}, STRING),
    "not type": ({"not": {"type": ["null", "boolean", "number", "string", "array"]}}, {"type": "object"}),
    "not anyOf": (
        {"type": "string", "not": {"anyOf": [{"const": "a"}, {"const": "b"}]}},
        {"type": "string", "not": {"enum": ["a", "b"]}},
    ),
    "not allOf": (
        {"allOf": [STRING, {"not": {"const": "a"}}, {"not": {"const": "b"}}]},
        {"type": "string", "not": {"enum": ["a", "b"]}},
    ),
    "not bound": ({"type": "integer", "not": {"minimum": 10}}, {"type": "integer", "maximum": 9}),
    "number mult1": ({"type": "number", "multipleOf": 1}, WHOLE),
    "mult allOf": (
        {"allOf": [{"type": "integer", "multipleOf": 2}, {"multipleOf": 3}]},
        {"type": "integer", "multipleOf": 6},
    ),
    "bool enum": ({"type": "boolean"}, {"enum": [True, False]}),
    "null const": ({"type": "null"}, {"const": None}),
    "enum dup order": ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}),
    "required order": (shape("a", "b", a=STRING, b=STRING), shape("b", "a", b=STRING, a=STRING)),
    "min 0 noop": ({"type": "string", "minLength": 0}, STRING),
    "minItems 0": (array(STRING, minItems=0), array(STRING)),
    "unique false": (array(STRING, uniqueItems=False), array(STRING)),
    "addl true": (shape(a=STRING), shape(a=STRING, closed=True)),
    "addl {}": (shape(a=STRING, closed={}), shape(a=STRING, closed=True)),
    "items true": (array(), array(items=True)),
    "items {}": (array({}), array()),
    "prop true": ({"type": "object", "properties": {"a": True}}, {"type": "object", "properties": {"a": {}}}),
    "closed vs uneval": (shape(a=STRING, closed=False), shape(a=STRING) | {"unevaluatedProperties": False}),
    "closed allOf uneval": (
        {"allOf": [shape(a=STRING), shape(b=WHOLE)], "unevaluatedProperties": False},
        shape(a=STRING, b=WHOLE, closed=False),
    ),
    "anyOf dup": ({"anyOf": [STRING, STRING]}, STRING),
    "anyOf subsumed": ({"anyOf": [WHOLE, {"type": "number"}]}, {"type": "number"}),
    "oneOf single": ({"oneOf": [STRING]}, STRING),
    "anyOf false": ({"anyOf": [STRING, False]}, STRING),
    "allOf true": ({"allOf": [STRING, True]}, STRING),
    "oneOf subs": ({"oneOf": [{"type": "number", "not": {"type": "integer"}}, WHOLE]}, {"type": "number"}),
    "if true then": ({"if": True, "then": STRING}, STRING),
    "if false else": ({"if": False, "then": WHOLE, "else": STRING}, STRING),
    "if w/o then": ({"type": "string", "if": {"minLength": 3}}, STRING),
    "if as anyOf": (
        shape(k=STRING, v=STRING)
        | {"if": {"properties": {"k": {"const": "x"}}, "required": ["k"]}, "then": {"required": ["v"]}},
        shape(k=STRING, v=STRING)
        | {"anyOf": [{"not": {"properties": {"k": {"const": "x"}}, "required": ["k"]}}, {"required": ["v"]}]},
    ),
    "contains minC0": (array(STRING, contains={"const": "x"}, minContains=0), array(STRING)),
    "contains 1 minItems": (array(STRING, contains=STRING), array(STRING, minItems=1)),
    "contains true": (array(STRING, contains=True), array(STRING, minItems=1)),
    "prefix all same": (array(prefixItems=[STRING], items=STRING), array(STRING)),
    "prefix false": (array(prefixItems=[STRING, STRING], items=False), array(STRING, maxItems=2)),
    "unevalItems items": (array(STRING) | {"unevaluatedItems": False}, array(STRING)),
    "propertyNames enum": (
        {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": STRING},
        {"type": "object", "properties": {"a": STRING, "b": STRING}, "additionalProperties": False},
    ),
    "propertyNames pattern": (
        {"type": "object", "propertyNames": {"pattern": "^x"}, "additionalProperties": STRING},
        {"type": "object", "patternProperties": {"^x": STRING}, "additionalProperties": False},
    ),
    "patternProps all": (
        {"type": "object", "patternProperties": {".*": STRING}},
        {"type": "object", "additionalProperties": STRING},
    ),
    "maxProps 0": ({"type": "object", "maxProperties": 0}, {"type": "object", "additionalProperties": False}),
    "format int range": (
        {"type": "integer", "format": "int32"},
        {"type": "integer", "minimum": -2147483648, "maximum": 2147483647},
    ),
    "format double": ({"type": "number", "format": "double"}, {"type": "number"}),
    "format pw": ({"type": "string", "format": "password"}, STRING),
    "unknown fmt same": (
        {"type": "string", "format": "sku"},
        {"type": "string", "format": "sku", "description": "x"},
    ),
    "bin/octet": ({"type": "string", "format": "binary"}, STRING),
    "min redundancy": (
        {"type": "integer", "minimum": 5, "exclusiveMinimum": 3},
        {"type": "integer", "minimum": 5},
    ),
    "enum with type filter": ({"type": "string", "enum": ["a", 1]}, {"enum": ["a"]}),
    "enum minlen filter": ({"type": "string", "enum": ["a", "bb"], "minLength": 2}, {"enum": ["bb"]}),
    "1.0 vs 1": ({"enum": [1.0, 2]}, {"enum": [1, 2]}),
    "maximum 10.0": ({"type": "integer", "maximum": 10.0}, {"type": "integer", "maximum": 10}),
    "range split": (
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 4},
                {"type": "integer", "minimum": 5, "maximum": 10},
            ]
        },
        {"type": "integer", "minimum": 0, "maximum": 10},
    ),
    "factor common": (
        {"anyOf": [shape("a", a=STRING, k=STRING), shape("b", b=STRING, k=STRING)]},
        shape(k=STRING, a=STRING, b=STRING) | {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
    ),
    "distribute enum": (
        {"anyOf": [shape("k", k={"const": "a"}), shape("k", k={"const": "b"})]},
        shape("k", k={"enum": ["a", "b"]}),
    ),
    "distribute array": (array({"anyOf": [STRING, WHOLE]}), array({"type": ["string", "integer"]})),
    "choice of one": (
        shape(a={"oneOf": [STRING]}, b=array(WHOLE)),
        shape(a=STRING, b={"anyOf": [array(WHOLE)]}),
    ),
    "wrapped under what nothing fits": (
        {
            "allOf": [shape(a=array(WHOLE)), shape("a", a={"type": "boolean"})],
            "unevaluatedProperties": STRING,
        },
        {
            "allOf": [shape(a={"oneOf": [array(WHOLE)]}), shape("a", a={"type": "boolean"})],
            "unevaluatedProperties": STRING,
        },
    ),
    "unevaluated alone": (
        {**shape(a=STRING), "unevaluatedProperties": False},
        shape(a=STRING, closed=False),
    ),
    "unevaluated items alone": (
        array(prefixItems=[STRING], unevaluatedItems=False),
        array({"not": {}}, prefixItems=[STRING]),
    ),
    "unevaluated with a part rewritten": (
        {
            "allOf": [shape(a=STRING)],
            "properties": {"b": {"enum": ["x", "y"]}},
            "unevaluatedProperties": {"type": "integer", "exclusiveMinimum": 0},
        },
        {
            "allOf": [shape(a=STRING)],
            "properties": {"b": {"anyOf": [{"const": "x"}, {"const": "y"}]}},
            "unevaluatedProperties": {"type": "integer", "minimum": 1},
        },
    ),
    "tags apart by a choice": (
        {"oneOf": [shape("k", k={"anyOf": [{"const": "a"}, {"const": "c"}]}), shape("k", k={"const": "b"})]},
        {"anyOf": [shape("k", k={"enum": ["a", "c"]}), shape("k", k={"allOf": [{"const": "b"}]})]},
    ),
    "names by a rule rewritten": (
        {"type": "object", "propertyNames": {"pattern": "^x-"}},
        {"type": "object", "propertyNames": {"allOf": [{"pattern": "^x-"}, True]}},
    ),
    "closed by names": (
        shape("b", b=WHOLE, closed=False),
        {"allOf": [shape("b", b=WHOLE), {"propertyNames": {"enum": ["b"]}}]},
    ),
    "property that no name can have": (
        {"type": "object", "additionalProperties": WHOLE, "propertyNames": {"pattern": "^[0-9]+$"}},
        {
            "type": "object",
            "properties": {"kind": STRING},
            "additionalProperties": WHOLE,
            "propertyNames": {"pattern": "^[0-9]+$"},
        },
    ),
}
