"""The OpenAPI document: what the code says, honest about errors, and bounded throughout."""

from collections.abc import Iterator
from typing import Any

import yaml

from reference_service.document import document
from tests.contracts.now_playing.conftest import CONTRACT


def schemas_in(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "type" in node:
            yield node
        for key, child in node.items():
            if key != "default":
                yield from schemas_in(child)
    elif isinstance(node, list):
        for child in node:
            yield from schemas_in(child)


def test_the_committed_document_is_the_one_that_the_code_describes() -> None:
    committed = (CONTRACT / "openapi.yaml").read_text("utf-8")
    assert committed == document(), (
        "run: python -m reference_service.document > contracts/now_playing/openapi.yaml"
    )


def test_no_string_list_or_number_is_unbounded() -> None:
    components = yaml.safe_load(document())["components"]
    schemas = list(schemas_in(components))
    strings = [schema for schema in schemas if schema["type"] == "string"]
    assert len(strings) > 20
    assert all(schema.keys() & {"maxLength", "enum", "const"} for schema in strings)
    assert all("maxItems" in schema for schema in schemas if schema["type"] == "array")
    assert all(schema.keys() >= {"minimum", "maximum"} for schema in schemas if schema["type"] == "integer")


def test_every_operation_is_named_and_every_error_is_a_problem() -> None:
    operations = [
        operation for path in yaml.safe_load(document())["paths"].values() for operation in path.values()
    ]
    assert {operation["operationId"] for operation in operations} == {
        "rankCards",
        "rankUpNext",
        "recordEvents",
        "health",
        "readiness",
        "metrics",
    }
    for operation in operations:
        for status, response in operation["responses"].items():
            problem = set(response["content"]) == {"application/problem+json"}
            assert problem == (int(status) >= 400), (operation["operationId"], status)
