"""A version may be deployed when its document offers every consumer what it uses."""

import json
from pathlib import Path

from guardrails.analysis.consumers.reading import Consumer, UsedOperation
from guardrails.analysis.openapi.documents import document_of
from guardrails.analysis.openapi.values import Json
from guardrails.cli.main import main
from guardrails.tasks.contract.deploying import lacks

PRICE: Json = {"type": "object", "properties": {"price": {"type": "integer"}, "parts": {"type": "object"}}}
ANSWER: Json = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {"anyOf": [{"$ref": "#/components/schemas/Price"}, {"type": "null"}]},
        }
    },
}
REQUEST: Json = {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": False}


def document(answer: Json = ANSWER) -> Json:
    def content(schema: Json) -> Json:
        return {"content": {"application/json": {"schema": schema}}}

    responses: Json = {"200": content(answer)}
    operation: Json = {"requestBody": content(REQUEST), "responses": responses}
    components: Json = {"schemas": {"Price": PRICE}}
    return {"openapi": "3.1.0", "paths": {"/price/{id}": {"post": operation}}, "components": components}


def said(operation: str, reads: tuple[str, ...] = (), sends: tuple[str, ...] = ()) -> list[str]:
    consumer = Consumer("ios", "", (), (UsedOperation(operation, reads, sends),))
    return [one.sentence for one in lacks(document_of(document()), [consumer])]


def test_what_is_used_and_not_offered_is_named() -> None:
    fine = ("/items", "/items/*/price", "/items/*/parts/any")
    assert said("POST /price/{key}", fine, ("/id",)) == []
    assert said("POST /price/7", ("/total", "/items/*/cost"), ("/voucher",)) == [
        "no answer holds /total, which it reads",
        "no answer holds /items/*/cost, which it reads",
        "no request takes /voucher, which it sends",
    ]
    assert said("GET /price/{id}") == ["the document has no such operation"]


def test_the_commands_end_as_they_find(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(json.dumps(document()))
    (tmp_path / "ios.yaml").write_text("consumer: ios\nuses: [{operation: POST /price/1, reads: [/items]}]\n")
    (tmp_path / "tv.yaml").write_text("consumer: tv\nuses: [{operation: GET /none}]\n")

    def ended(*words: str) -> int:
        return main(["contract", *words])

    api, ios, tv = (str(tmp_path / name) for name in ("api.json", "ios.yaml", "tv.yaml"))
    assert ended("can-i-deploy", api, ios) == 0
    assert ended("can-i-deploy", api, ios, tv) == 1
    assert ended("can-i-deploy", api, api) == 2
    assert ended("keep", api, str(tmp_path)) == 2
