"""Random pairs of schemas: what is called safe lets nothing slip, and every witness is one."""

from collections.abc import Iterator, Sequence
from importlib import import_module

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrails.analysis.openapi.documents import document_of
from guardrails.analysis.openapi.schemas.search import Answer, Comparison
from guardrails.analysis.openapi.values import Json, listed, members

DOCUMENT = document_of({"openapi": "3.1.0", "paths": {}})
NAMES = ("a", "b", "c")
small = st.integers(min_value=0, max_value=3)
flat = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={
            "minLength": small,
            "maxLength": small,
            "pattern": st.sampled_from(["^a", "b$", "^[ab]*$"]),
        },
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={"minimum": small, "maximum": small, "exclusiveMinimum": small, "multipleOf": st.just(2)},
    ),
    st.builds(
        lambda values: {"enum": values}, st.lists(st.sampled_from(["a", 1, True, None, 1.5]), min_size=1)
    ),
    st.sampled_from([{}, True, False, {"type": ["string", "null"]}, {"const": "a"}, {"type": "boolean"}]),
)


def _deeper(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    several = st.lists(inner, min_size=1, max_size=3)
    listed = st.fixed_dictionaries(
        {"type": st.just("array")},
        optional={
            "items": inner,
            "minItems": small,
            "maxItems": small,
            "contains": inner,
            "uniqueItems": st.just(value=True),
            "minContains": small,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "unevaluatedItems": st.just(value=False),
        },
    )
    objects = st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)},
        optional={
            "required": st.lists(st.sampled_from(NAMES), unique=True),
            "additionalProperties": inner,
            "maxProperties": small,
            "minProperties": small,
            "propertyNames": st.sampled_from([{"pattern": "^a"}, {"enum": ["a", "b"]}, {"maxLength": 1}]),
            "dependentRequired": st.just({"a": ["b"]}),
            "allOf": st.lists(inner, min_size=1, max_size=1),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "."]), inner, max_size=1),
            "unevaluatedProperties": st.sampled_from([False, {"type": "string"}]),
        },
    )
    chosen = st.builds(
        lambda name, parts: {name: parts}, st.sampled_from(["anyOf", "oneOf", "allOf"]), several
    )
    negated = st.builds(lambda part: {"not": part}, inner)
    conditional = st.fixed_dictionaries({"if": inner, "then": inner}, optional={"else": inner})
    return st.one_of(listed, objects, chosen, negated, conditional)


schemas: st.SearchStrategy[Json] = st.recursive(flat, _deeper, max_leaves=6)
_SCALARS: list[Json] = ["a", "b", "ab", "", "aab", 0, 1, 2, 3, 4, -1, 1.5, None, True, False]
_LISTS: list[Json] = [[], [1], ["a"], [1, 1], [None, "b"]]
_OBJECTS: list[Json] = [{}, {"a": 1}, {"a": "a"}, {"b": "b"}, {"a": None, "b": 1}, {"c": []}, {"a": {"b": 1}}]
VALUES: list[Json] = [*_SCALARS, *_LISTS, *_OBJECTS]


@settings(max_examples=120, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(schemas, schemas, st.booleans())
def test_safe_is_sound_and_each_witness_is_one(one: Json, other: Json, both: bool) -> None:
    second = import_module("jsonschema").Draft202012Validator
    target: Json = {"anyOf": [one, other]} if both else other
    sent, taken = second(one), second(target)

    result = Comparison(DOCUMENT, DOCUMENT, request=True, budget=600).of(one, target)

    for witness in result.witnesses:
        assert sent.is_valid(witness.value)
        assert not taken.is_valid(witness.value)
    if result.answer in {Answer.SAFE, Answer.SAME}:
        slipped = [value for value in VALUES if sent.is_valid(value) and not taken.is_valid(value)]
        assert not [value for value in slipped if _is_declared((one,), value)]


def _is_declared(schemas: Sequence[Json], value: Json) -> bool:
    """Whether base declares every name of `value` where it stands; others are no promise of base."""
    nodes = [node for schema in schemas for node in _in_place(schema)]
    if isinstance(value, list):
        items = [node["items"] for node in nodes if "items" in node]
        items += [one for node in nodes for one in listed(node.get("prefixItems"))]
        return all(_is_declared(items, one) for one in value)
    if not isinstance(value, dict):
        return True
    properties = [members(node.get("properties")) for node in nodes]
    return all(
        any(name in one for one in properties)
        and _is_declared([one[name] for one in properties if name in one], inner)
        for name, inner in value.items()
    )


def _in_place(schema: Json) -> Iterator[dict[str, Json]]:
    """Yield the schema and those within it that speak of the same value."""
    if not isinstance(schema, dict):
        return
    yield schema
    for key in ("allOf", "anyOf", "oneOf"):
        for part in listed(schema.get(key)):
            yield from _in_place(part)
    for key in ("not", "if", "then", "else"):
        yield from _in_place(schema.get(key))
