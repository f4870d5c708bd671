"""What clients say they read: well formed, promised by the document, and there in real answers."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from tests.contracts.consumer_files import faults_in
from tests.contracts.now_playing.conftest import CONTRACT, Scenario

FILES = sorted((CONTRACT / "consumers").glob("*.yaml"))
CONSUMERS: dict[str, Any] = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in FILES}
USES = [(name, use) for name, consumer in CONSUMERS.items() for use in consumer["uses"]]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CONTRACT / "openapi.yaml").read_text("utf-8"))
    return content


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas that a value may follow, references and unions taken apart."""
    if "$ref" in schema:
        yield from resolved(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    elif "anyOf" in schema:
        for choice in schema["anyOf"]:
            yield from resolved(document, choice)
    else:
        yield schema


def is_promised(document: dict[str, Any], schema: dict[str, Any], steps: list[str]) -> bool:
    if not steps:
        return True
    inners = (
        inner
        for choice in resolved(document, schema)
        for inner in (
            (choice.get("items"), *choice.get("patternProperties", {}).values())
            if steps[0] == "*"
            else (choice.get("properties", {}).get(steps[0]),)
        )
    )
    return any(inner is not None and is_promised(document, inner, steps[1:]) for inner in inners)


def values_at(value: Any, steps: list[str]) -> Iterator[Any]:
    if not steps:
        yield value
    elif steps[0] == "*":
        for inner in value.values() if isinstance(value, dict) else value:
            yield from values_at(inner, steps[1:])
    else:
        yield from values_at(value[steps[0]], steps[1:])


def test_there_is_a_consumer_on_phones_on_the_web_and_on_television() -> None:
    assert CONSUMERS.keys() >= {"ios", "android", "web", "tv"}
    assert {name: list(faults_in(consumer, name)) for name, consumer in CONSUMERS.items()} == {
        name: [] for name in CONSUMERS
    }


@pytest.mark.parametrize(("consumer", "use"), USES, ids=[f"{name}-{use['operation']}" for name, use in USES])
def test_whatever_a_client_reads_or_sends_the_document_promises(
    consumer: str, use: dict[str, Any], document: dict[str, Any]
) -> None:
    method, path = use["operation"].split()
    operation = document["paths"][path][method.lower()]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    request = operation["requestBody"]["content"]["application/json"]["schema"]
    for pointers, schema in ((use["reads"], answer), (use["sends"], request)):
        missing = [
            pointer for pointer in pointers if not is_promised(document, schema, pointer.split("/")[1:])
        ]
        assert not missing, f"{consumer} depends on {missing} of {use['operation']}"


def test_whatever_a_client_reads_is_in_every_recorded_answer(
    client: TestClient, scenarios: dict[str, Scenario]
) -> None:
    seen: set[str] = set()
    for scenario in scenarios.values():
        operation = scenario["request"]["operation"]
        answer = client.post(operation.partition(" ")[2], json=scenario["request"]["body"]).json()
        for _, use in USES:
            if use["operation"] == operation:
                seen.update(p for p in use["reads"] if list(values_at(answer, p.split("/")[1:])))
    assert seen == {pointer for _, use in USES for pointer in use["reads"]}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"extra": 1}, "its keys are"),
        ({"consumer": "other"}, "it is called ios"),
        ({"versions": []}, "`versions`"),
        ({"versions": [9.4]}, "`versions`"),
        ({"uses": []}, "no operation"),
        ({"uses": [{"operation": "POST /a", "sends": [], "reads": []}]}, "reads nothing"),
        ({"uses": [{"operation": "POST", "sends": [], "reads": ["/a"]}]}, "no method and path"),
        ({"uses": [{"operation": "POST /a", "sends": ["items/id"], "reads": ["/a"]}]}, "no JSON pointer"),
        ({"uses": [{"operation": "POST /a", "reads": ["/a"]}]}, "the keys of a use"),
    ],
)
def test_a_malformed_file_is_noticed(change: dict[str, Any], fault: str) -> None:
    assert any(
        text.startswith(fault) or fault in text for text in faults_in({**CONSUMERS["ios"], **change}, "ios")
    )
