"""What is written where an object, a name or a list belongs says nothing, and stops nothing."""

import copy

import pytest

from guardrails.analysis.openapi.difference import Promise, as_promised
from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.operations.builders import OK, answering, body, secured
from tests.guardrails.analysis.openapi.pairs import Object, document, found, operation

PET: Json = {"$ref": "#/components/schemas/Pet"}


def linking(links: Json) -> Object:
    return answering(**{"200": {"description": "", "links": links}})


def told_apart(said: Json, **more: Json) -> Object:
    schemas: Json = {"Pet": {"discriminator": said, "allOf": [PET], **more}}
    return document(operation(body=PET), components={"schemas": schemas})


def with_flows(flows: Json) -> Object:
    return secured([{"o": ["r"]}], sch={"o": {"type": "oauth2", "flows": flows}})


ODD: dict[str, tuple[Object, Object]] = {
    "links": (linking([1]), linking(3)),
    "link": (
        linking({"a": 3, "b": {"operationId": 4, "parameters": [1]}}),
        linking({"a": "x", "b": {"operationRef": {}, "parameters": None}}),
    ),
    "discriminator": (told_apart(3), told_apart({"propertyName": 3, "mapping": [1]})),
    "kind of itself": (
        told_apart({"propertyName": "k"}),
        told_apart({"propertyName": "k", "mapping": {"Pet": "Pet"}}),
    ),
    "known values": (
        document(operation(body={"x-extensible-enum": 4, "oneOf": {}})),
        document(operation(body={"x-extensible-enum": [{}], "oneOf": [4]})),
    ),
    "stability": (
        document({**OK, "x-stability-level": {}}),
        document({**OK, "x-stability-level": ["draft"]}),
    ),
    "parameters of a media type": (body("application/json;;=;a"), body("application/json; version")),
    "flows": (with_flows({"x": {"scopes": ["r"]}}), with_flows([])),
    "callbacks": (
        document({**OK, "callbacks": {"a": {"e": 3}, "b": []}}),
        document({**OK, "callbacks": [1]}),
    ),
    "path that refers to itself": (
        {"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/paths/~1a", "get": OK}}},
        {
            "openapi": "3.1.0",
            "paths": {"/a": {"$ref": "#/paths/~1b", "get": OK}, "/b": {"$ref": "#/nowhere"}},
        },
    ),
    "anchor": (
        document(operation(body={"$ref": "#"})),
        document(operation(body={"$ref": "#", "$anchor": {}})),
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_value_says_nothing(name: str) -> None:
    base, head = copy.deepcopy(ODD[name])

    for one, other in ((base, head), (head, base)):
        differences = as_promised(found(one, other), lambda _: Promise.STRICT)
        assert [one.rule for one in differences if one.level.value == "breaking"] == []
