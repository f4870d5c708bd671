"""Operations are skipped only when they, and all that they refer to, are written alike."""

import copy

import pytest

from guardrails.analysis.openapi.documents import document_of
from guardrails.analysis.openapi.operations import operations_of
from guardrails.analysis.openapi.unchanged import Unchanged
from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import document, operation

INNER = "#/components/schemas/Inner"
COMPONENTS: dict[str, Json] = {
    "schemas": {
        "Outer": {"properties": {"inner": {"$ref": INNER}, "self": {"$ref": "#/components/schemas/Outer"}}},
        "Inner": {"type": "string", "enum": ["a"]},
    },
    "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
}
BASE = document(operation(body={"$ref": "#/components/schemas/Outer"}), components=COMPONENTS)


def is_unchanged(base: dict[str, Json], head: dict[str, Json]) -> bool:
    one, other = document_of(base), document_of(head)
    (first,), (second,) = operations_of(one), operations_of(other)
    return Unchanged(one, other).holds(first, second)


def test_recursive_definitions_that_are_written_alike_are_unchanged() -> None:
    assert is_unchanged(BASE, copy.deepcopy(BASE))


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        (("components", "schemas", "Inner", "enum"), ["b"]),
        (("components", "schemas", "Inner", "enum"), [True]),
        (("paths", "/things/{id}", "parameters"), [{"name": "q", "in": "query", "required": True}]),
        (("paths", "/things/{id}", "post", "deprecated"), True),
        (("security",), [{"key": []}]),
        (("openapi",), "3.0.3"),
    ],
)
def test_change_anywhere_below_or_around_is_seen(pointer: tuple[str, ...], value: Json) -> None:
    head = copy.deepcopy(BASE)
    place = head
    for name in pointer[:-1]:
        place = place[name]  # type: ignore[assignment]  # every step but the last leads to an object
    place[pointer[-1]] = value

    assert not is_unchanged(BASE, head)


def test_changed_scheme_is_seen_where_security_is_named() -> None:
    base: dict[str, Json] = copy.deepcopy({**BASE, "security": [{"key": []}]})
    head = copy.deepcopy(base)
    head["components"]["securitySchemes"]["key"]["name"] = "X-Other"  # type: ignore[index,call-overload]

    assert not is_unchanged(base, head)


@pytest.mark.parametrize("mapped", ["#/components/schemas/Kind", "Kind", None])
def test_changed_kind_of_a_discriminator_is_seen(mapped: str | None) -> None:
    told: dict[str, Json] = {"propertyName": "k"}
    above: dict[str, Json] = {"$ref": "#/components/schemas/Outer"}
    parts: dict[str, Json] = {"allOf": [above]}
    if mapped is not None:
        told["mapping"], parts = {"a": mapped}, {}

    def made(kind: dict[str, Json]) -> dict[str, Json]:
        schemas: Json = {"Outer": {"type": "object", "discriminator": told}, "Kind": {**parts, **kind}}
        return document(operation(body=above), components={"schemas": schemas})

    assert not is_unchanged(made({}), made({"required": ["b"]}))
    assert is_unchanged(made({"required": ["b"]}), made({"required": ["b"]}))
