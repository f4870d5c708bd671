"""What a request breaks of its document, told without asking the service."""

import json

import pytest

from guardrails.analysis.openapi.documents import read_document
from guardrails.analysis.openapi.operations import operations_of
from guardrails.gates.contract.fuzz.forbidden import Forbidden
from guardrails.gates.contract.replay.witness import PLACEHOLDER
from guardrails.model.ports import Request

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "", "version": "1"},
    "paths": {
        "/things/{id}": {
            "post": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {
                        "name": "size",
                        "in": "query",
                        "required": True,
                        "schema": {"type": "integer", "maximum": 9},
                    },
                ],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"name": {"type": "string", "maxLength": 5}},
                                "required": ["name"],
                            }
                        }
                    }
                },
                "responses": {"200": {"description": ""}},
            }
        }
    },
}
NAMED = b'{"name": "a"}'


@pytest.mark.parametrize(
    ("path", "body", "places"),
    [
        ("/things/1?size=9&tag=0&tag=null", NAMED, set()),
        ("/things/1?size=10", NAMED, {"query size"}),
        ("/things/1?size=x", NAMED, {"query size"}),
        ("/things/1?tag=a", NAMED, {"query size missing"}),
        ("/things/x?size=1", NAMED, {"path id"}),
        ("/things/1?size=1", b'{"name": "too long"}', {"body /name maxLength"}),
        ("/things/1?size=1", b"{}", {"body  required"}),
        ("/things/1?size=1", b"{", {"body no JSON"}),
        (f"/things/{PLACEHOLDER}0x?size=1", f'{{"name": "{PLACEHOLDER}1x"}}'.encode(), set()),
    ],
)
def test_places_that_surely_break_the_document(path: str, body: bytes, places: set[str]) -> None:
    document = read_document(json.dumps(DOCUMENT).encode(), "a document")

    found = Forbidden(document, list(operations_of(document))).places(
        "POST /things/{id}", Request("POST", path, (), body)
    )

    assert found == places
