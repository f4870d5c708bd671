"""Documents that anyone may have written: the comparison ends, and never says `safe` for want of breath."""

import pytest

from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.documents import DocumentError, document_of, read_document
from guardrails.analysis.openapi.lint.linting import faults_of
from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import document, levels, operation, worst_of_request

DEEP = 700


def chain(last: Json) -> dict[str, Json]:
    """Return components of which each refers to the next."""
    schemas: dict[str, Json] = {
        f"S{index}": {
            "type": "object",
            "properties": {"next": {"$ref": f"#/components/schemas/S{index + 1}"}},
        }
        for index in range(DEEP)
    }
    return {"schemas": {**schemas, f"S{DEEP}": last}}


def test_change_at_the_end_of_a_long_chain_is_not_called_safe() -> None:
    reference: Json = {"$ref": "#/components/schemas/S0"}
    lasts: list[Json] = [{"type": "string"}, {"type": "string", "maxLength": 2}]
    base, head = (document(operation(body=reference), components=chain(last)) for last in lasts)

    assert levels(base, head)[:1] in (["unknown"], ["breaking"])


def test_schema_that_is_only_itself_is_bounded() -> None:
    loop: Json = {"schemas": {"A": {"allOf": [{"$ref": "#/components/schemas/A"}]}, "B": {"type": "string"}}}

    base = document(operation(body={"$ref": "#/components/schemas/A"}), components=loop)
    head = document(operation(body={"$ref": "#/components/schemas/B"}), components=loop)

    assert levels(base, head)[0] in {"unknown", "breaking"}
    assert levels(base, base) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "maximum": 10**400},
        {"type": "number", "multipleOf": 1e-300, "minimum": 1e300},
        {"type": "string", "minLength": 10**15},
        {"type": "string", "pattern": "^(a+)+$"},
        {"type": "string", "pattern": "("},
        {"type": "array", "minItems": 10**12},
        {"type": "object", "minProperties": 10**12},
        {"enum": list(range(5000))},
        {"enum": []},
        {"type": "nonsense", "required": "x", "properties": [], "items": 5, "enum": {}},
        {"allOf": [{"anyOf": [{"const": n} for n in range(20)]} for _ in range(20)]},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "#/nowhere"},
        {"$ref": 5},
        True,
        False,
    ],
)
def test_odd_schemas_are_compared_with_themselves_and_with_a_string(schema: Json) -> None:
    assert worst_of_request(schema, schema) == "same"
    assert worst_of_request(schema, {"type": "string"}) in {"same", "safe", "unknown", "breaking"}
    assert worst_of_request({"type": "string"}, schema) in {"same", "safe", "unknown", "breaking"}


@pytest.mark.parametrize("wrong", [None, 5, "x", [], [None], {"a": 5}, {"$ref": "#"}, True])
@pytest.mark.parametrize("place", ["parameters", "requestBody", "responses", "security", "callbacks"])
def test_parts_of_the_wrong_type_say_nothing_and_crash_nothing(place: str, wrong: Json) -> None:
    whole = document(operation(body={"type": "string"}, answer={"type": "string"}))
    broken = document({**operation(body={"type": "string"}), place: wrong})

    assert levels(broken, broken) == []
    levels(whole, broken)
    levels(broken, whole)


def test_names_are_matched_in_bounded_time() -> None:
    name = "a" * 40 + "!"
    hostile: Json = {
        "patternProperties": {"^(a+)+$": {"type": "string"}, "(?=(a+)+$)": {}},
        "required": [name],
    }
    other: Json = {"patternProperties": {"^(a|a)*$": {"type": "string"}}, "required": [name]}

    assert worst_of_request(hostile, other) != "same"


def test_half_a_character_is_refused_by_name() -> None:
    with pytest.raises(DocumentError, match="surrogate"):
        read_document(b'{"openapi": "3.1.0", "paths": {}, "info": {"title": "\\ud800"}}')
    whole = read_document(b'{"openapi": "3.1.0", "paths": {}, "info": {"title": "\\ud83d\\ude00"}}')
    assert whole.root["info"] == {"title": "\U0001f600"}


def test_names_that_are_no_text_are_passed_over() -> None:
    base = read_document(
        b'{"openapi": "3.1.0", "paths": {"/a": {"get": {"x-stability-level": {}, "responses": {},'
        b' "parameters": [{"name": "q", "in": {}}]}}}}'
    )

    assert differences(base, document_of({"openapi": "3.1.0", "paths": {}}))[0].rule == "operation-removed"
    assert faults_of(base)
