"""Each way in which a schema can narrow, beside a twin that looks alike and breaks nothing."""

from importlib import import_module

import pytest

from guardrails.analysis.openapi.documents import document_of
from guardrails.analysis.openapi.schemas.search import Answer, Comparison
from guardrails.analysis.openapi.schemas.validators import standalone
from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import (
    document,
    found,
    operation,
    worst_of_answer,
    worst_of_request,
)

STRING: dict[str, Json] = {"type": "string"}
NAMED: dict[str, Json] = {"type": "object", "properties": {"a": STRING, "b": {"type": "integer"}}}

# (base, head) whose second member takes less than the first
NARROWED: dict[str, tuple[Json, Json]] = {
    "required added": (NAMED, {**NAMED, "required": ["a"]}),
    "closed": (NAMED, {**NAMED, "additionalProperties": False}),
    "type": ({"type": "number"}, {"type": "integer"}),
    "type list": ({"type": ["string", "null"]}, STRING),
    "enum": ({"enum": ["a", "b"]}, {"enum": ["a"]}),
    "const": ({"enum": ["a", "b"]}, {"const": "a"}),
    "maximum": ({"type": "integer"}, {"type": "integer", "maximum": 10}),
    "exclusive": ({"type": "number", "minimum": 0}, {"type": "number", "exclusiveMinimum": 0}),
    "multipleOf": ({"type": "integer"}, {"type": "integer", "multipleOf": 3}),
    "minLength": (STRING, {"type": "string", "minLength": 1}),
    "pattern": ({"type": "string", "pattern": "^[a-z0-9]+$"}, {"type": "string", "pattern": "^[a-z]+$"}),
    "format": (STRING, {"type": "string", "format": "uuid"}),
    "int32": ({"type": "integer", "format": "int64"}, {"type": "integer", "format": "int32"}),
    "maxItems": ({"type": "array", "items": STRING}, {"type": "array", "items": STRING, "maxItems": 3}),
    "uniqueItems": (
        {"type": "array", "items": STRING},
        {"type": "array", "items": STRING, "uniqueItems": True},
    ),
    "contains": (
        {"type": "array", "items": STRING},
        {"type": "array", "items": STRING, "contains": {"const": "x"}},
    ),
    "prefixItems": ({"type": "array"}, {"type": "array", "prefixItems": [STRING]}),
    "items closed": (
        {"type": "array", "prefixItems": [STRING]},
        {"type": "array", "prefixItems": [STRING], "items": False},
    ),
    "minProperties": ({"type": "object"}, {"type": "object", "minProperties": 1}),
    "propertyNames": ({"type": "object"}, {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}}),
    "unevaluated": ({"allOf": [NAMED]}, {"allOf": [NAMED], "unevaluatedProperties": False}),
    "required undeclared": ({"type": "object"}, {"type": "object", "required": ["x"]}),
    "dependentRequired": (NAMED, {**NAMED, "dependentRequired": {"a": ["b"]}}),
    "dependentSchemas": (NAMED, {**NAMED, "dependentSchemas": {"a": {"required": ["b"]}}}),
    "if": (NAMED, {**NAMED, "if": {"required": ["a"]}, "then": {"required": ["b"]}}),
    "not": ({"type": "integer"}, {"type": "integer", "not": {"const": 7}}),
    "map values": (
        {"type": "object", "additionalProperties": True},
        {"type": "object", "additionalProperties": {"type": "integer"}},
    ),
    "branch removed": ({"anyOf": [STRING, {"type": "integer"}]}, {"anyOf": [STRING]}),
    "overlapping branch added": (
        {"oneOf": [{"type": "integer"}]},
        {"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 5}]},
    ),
    "deep": (
        {"type": "array", "items": {"type": "object", "required": ["x"], "properties": {"x": NAMED}}},
        {
            "type": "array",
            "items": {"type": "object", "required": ["x"], "properties": {"x": {**NAMED, "required": ["b"]}}},
        },
    ),
}

# pairs that say the same to every message that has a meaning
EQUAL: dict[str, tuple[Json, Json]] = {
    "const": ({"const": "a"}, {"enum": ["a"]}),
    "anyOf consts": ({"anyOf": [{"const": "a"}, {"const": "b"}]}, {"enum": ["b", "a"]}),
    "disjoint oneOf": ({"oneOf": [STRING, {"type": "integer"}]}, {"anyOf": [{"type": "integer"}, STRING]}),
    "type list": ({"type": ["string", "null"]}, {"anyOf": [STRING, {"type": "null"}]}),
    "allOf flattened": ({"allOf": [NAMED, {"required": ["a"]}]}, {**NAMED, "required": ["a"]}),
    "integer bound": ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1}),
    "annotations": (
        {"type": "string", "title": "x"},
        {"type": "string", "description": "y", "examples": ["z"]},
    ),
    "pattern spelled otherwise": (
        {"type": "string", "pattern": "^[0-9]+$"},
        {"type": "string", "pattern": r"^\d\d*$"},
    ),
    "dependency as condition": (
        {**NAMED, "dependentRequired": {"a": ["b"]}},
        {**NAMED, "if": {"required": ["a"]}, "then": {"required": ["b"]}},
    ),
    "unevaluated beside additional": (
        {"allOf": [NAMED], "additionalProperties": True, "unevaluatedProperties": False},
        {"allOf": [NAMED], "additionalProperties": True},
    ),
    "byte and base64": (
        {"type": "string", "format": "byte"},
        {"type": "string", "contentEncoding": "base64"},
    ),
    "double negation": ({"not": {"not": STRING}}, STRING),
    "whole multiples": ({"type": "number", "multipleOf": 1}, {"type": "integer"}),
    "range as list": ({"type": "integer", "minimum": 1, "maximum": 3}, {"enum": [1, 2, 3]}),
    "contains nothing": ({"type": "array", "contains": STRING, "minContains": 0}, {"type": "array"}),
    "number text": ({"type": "number", "minimum": 1}, {"type": "number", "minimum": 1.0}),
}


@pytest.mark.parametrize("name", NARROWED)
def test_narrowing_breaks_requests_and_widening_does_not(name: str) -> None:
    wide, narrow = NARROWED[name]

    assert worst_of_request(wide, narrow) == "breaking"
    assert worst_of_request(narrow, wide) != "breaking"


@pytest.mark.parametrize("name", NARROWED)
def test_widening_breaks_answers_and_narrowing_does_not(name: str) -> None:
    wide, narrow = NARROWED[name]

    assert worst_of_answer(narrow, wide) == "breaking"
    assert worst_of_answer(wide, narrow) != "breaking"


@pytest.mark.parametrize("name", EQUAL)
def test_equal_refactors_are_proved_equal_in_both_directions(name: str) -> None:
    one, other = EQUAL[name]

    assert {worst_of_request(one, other), worst_of_request(other, one)} <= {"same", "safe"}
    assert {worst_of_answer(one, other), worst_of_answer(other, one)} <= {"same", "safe"}


@pytest.mark.parametrize("name", NARROWED)
def test_each_witness_holds_in_a_second_validator(name: str) -> None:
    wide, narrow = NARROWED[name]
    documents = [document_of({"openapi": "3.1.0", "paths": {}}) for _ in range(2)]
    comparison = Comparison(*documents, request=True)

    second = import_module("jsonschema").Draft202012Validator
    result = comparison.of(wide, narrow)

    assert result.answer is Answer.BREAKING
    for witness in result.witnesses:
        source = standalone(comparison.source, (comparison.source.node(wide),))
        target = standalone(comparison.target, (comparison.target.node(narrow),))
        assert second(source).is_valid(witness.value)
        assert not second(target).is_valid(witness.value)


def test_new_optional_property_of_an_open_object_breaks_nobody() -> None:
    head: Json = {
        **NAMED,
        "properties": {"a": STRING, "b": {"type": "integer"}, "c": {"type": "integer"}},
    }

    assert worst_of_request(NAMED, head) == "safe"
    assert worst_of_answer(NAMED, head) == "safe"


def test_new_property_breaks_where_base_promised_a_closed_object() -> None:
    closed: Json = {"type": "object", "properties": {"a": STRING}, "additionalProperties": False}
    head: Json = {"type": "object", "properties": {"a": STRING, "c": STRING}, "additionalProperties": False}

    assert worst_of_answer(closed, head) == "breaking"
    assert worst_of_request(closed, head) == "safe"


def test_property_that_head_forgets_is_unknown_and_a_promised_one_breaks() -> None:
    without: Json = {"type": "object", "properties": {"a": STRING}}

    assert worst_of_request(NAMED, without) == "unknown"
    assert worst_of_answer(NAMED, without) == "unknown"
    assert worst_of_answer({**NAMED, "required": ["b"]}, without) == "breaking"


def test_property_that_base_deprecated_may_go() -> None:
    announced: Json = {
        "type": "object",
        "properties": {"a": STRING, "b": {"type": "integer", "deprecated": True}},
    }
    without: Json = {"type": "object", "properties": {"a": STRING}}

    assert worst_of_request(announced, without) == worst_of_answer(announced, without) == "safe"
    assert worst_of_request(announced, NAMED) == "same"


def test_text_that_is_encoded_otherwise_breaks_both_ways() -> None:
    one: Json = {"type": "string", "contentEncoding": "base64"}
    other: Json = {"type": "string", "contentEncoding": "quoted-printable"}

    assert worst_of_request(one, other) == worst_of_answer(one, other) == "breaking"
    assert worst_of_request(other, one) == worst_of_answer(other, one) == "breaking"


def test_bound_of_a_type_that_is_not_declared_breaks_without_a_witness() -> None:
    def bounded(most: int) -> Json:
        return {"type": "string", "enum": ["a"], "maximum": most}

    base, head = (document(operation(body=bounded(most))) for most in (13, 11))
    (one,) = found(base, head)

    assert (one.level, one.rule, one.witness) == ("breaking", "maximum", None)


def test_enumeration_that_is_opened_is_told_to_generated_clients() -> None:
    closed: Json = {"type": "object", "properties": {"a": {"type": "string", "enum": ["x", "y"]}}}
    opened: Json = {"type": "object", "properties": {"a": STRING}}
    longer: Json = {"type": "object", "properties": {"a": {"type": "string", "enum": ["x", "y", "z"]}}}

    assert worst_of_request(closed, opened) == "breaking"
    assert worst_of_request(closed, longer) == "safe"
    assert worst_of_answer(opened, closed) == "safe"


def test_choice_that_loses_a_named_branch_is_told_to_generated_clients() -> None:
    alike: Json = {"type": "object", "properties": {"name": STRING}}
    components: Json = {"schemas": {"Cat": alike, "Dog": alike, "Hen": alike}}

    def choice(*names: str) -> Json:
        return {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}

    assert worst_of_request(choice("Cat", "Dog"), choice("Cat"), components) == "breaking"
    assert worst_of_request(choice("Cat", "Dog"), choice("Cat", "Hen"), components) == "breaking"
    assert worst_of_request(choice("Cat"), choice("Cat", "Dog"), components) == "safe"
    assert worst_of_answer(choice("Cat", "Dog"), choice("Cat"), components) == "safe"


def test_reference_that_only_leads_round_says_nothing() -> None:
    reference: Json = {"$ref": "#/components/schemas/A"}

    def components(inner: Json) -> dict[str, Json]:
        return {"schemas": {"A": inner, "B": {"oneOf": [reference]}}}

    round_: Json = {"oneOf": [{"$ref": "#/components/schemas/B"}]}

    assert worst_of_two(reference, components(round_), components({"type": "object"})) == "breaking"
    assert worst_of_two(reference, components({"type": "object"}), components(round_)) == "safe"


def test_what_neither_proof_nor_witness_decides_is_presumed_from_its_keywords() -> None:
    def union(*names: str) -> Json:
        return {"oneOf": [{"type": "object", "properties": {name: STRING}} for name in names]}

    assert worst_of_request(union("a", "a", "c"), union("a", "a")) == "breaking"
    assert worst_of_request(union("a", "a"), union("a", "a", "c")) != "breaking"


def test_read_only_properties_are_no_part_of_requests() -> None:
    plain: Json = {"type": "object", "properties": {"id": {"type": "string", "readOnly": True}}}
    strict: Json = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string", "readOnly": True, "maxLength": 3}},
    }

    assert worst_of_request(plain, strict) in {"same", "safe"}
    assert worst_of_answer(strict, plain) == "breaking"


def test_recursive_schemas_are_compared_and_their_deep_change_is_found() -> None:
    def tree(**value: Json) -> dict[str, Json]:
        children: Json = {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
        return {"schemas": {"Tree": {"type": "object", "properties": {"children": children, "value": value}}}}

    reference: Json = {"$ref": "#/components/schemas/Tree"}
    assert worst_of_request(reference, reference, components=tree(type="string")) == "same"
    wide = worst_of_two(reference, tree(type="string"), tree(type="string", maxLength=3))
    assert wide == "breaking"
    assert worst_of_two(reference, tree(type="string", maxLength=3), tree(type="string")) == "safe"


def test_inlining_a_reference_changes_nothing() -> None:
    components: Json = {"schemas": {"Named": NAMED}}

    assert worst_of_request({"$ref": "#/components/schemas/Named"}, NAMED, components=components) == "same"


def test_nullable_of_3_0_is_a_null_type() -> None:
    old: Json = {"type": "string", "nullable": True}

    assert worst_of_answer(old, {"type": ["string", "null"]}) == "same"
    assert worst_of_request(old, STRING) == "breaking"


def test_discriminator_keeps_branches_apart() -> None:
    animal: dict[str, Json] = {"type": "object", "properties": {"kind": STRING}, "required": ["kind"]}
    components: Json = {"schemas": {"Cat": animal, "Dog": animal}}
    branches: list[Json] = [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]
    both: Json = {"oneOf": branches, "discriminator": {"propertyName": "kind"}}
    one: Json = {"oneOf": branches[:1], "discriminator": {"propertyName": "kind"}}

    assert worst_of_request(both, both, components=components) == "same"
    assert worst_of_request(both, one, components=components) == "breaking"
    assert worst_of_request(one, both, components=components) == "safe"


def worst_of_two(schema: Json, base: dict[str, Json], head: dict[str, Json]) -> str:
    from tests.guardrails.analysis.openapi.pairs import document, levels, operation

    first, second = (document(operation(body=schema), components=one) for one in (base, head))
    return (levels(first, second) or ["same"])[0]


def test_contained_item_is_evaluated_though_none_need_be() -> None:
    said: dict[str, Json] = {"type": "array", "prefixItems": [STRING], "unevaluatedItems": False}
    counted: Json = {**said, "contains": {"type": "integer"}, "minContains": 0}

    assert worst_of_request(counted, said) == "breaking"
    assert worst_of_request(counted, counted) == "same"
