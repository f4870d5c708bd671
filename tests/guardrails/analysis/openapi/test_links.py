"""Links of answers: what is no longer said of the way to the next operation."""

import pytest

from guardrails.analysis.openapi.difference import Level, Promise, as_promised
from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import Object, found, operation

_ID = "$response.body#/id"
_FOLLOWED: Object = {"operationId": "getThing", "parameters": {"id": _ID}}


def linking(link: Json, *, variable: str = "id", status: str = "201", also: Json = None) -> Object:
    """Return a document whose first operation links to one of two others."""
    links: Object = {} if link is None else {"Next": link}
    response: Object = {"description": "", "links": links}
    parameter: Json = {"name": variable, "in": "path", "required": True, "schema": {"type": "string"}}
    named: Object = {"parameters": [parameter], **operation()}
    return {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/things": {"post": {"responses": {status: response}}},
            f"/things/{{{variable}}}": {
                "get": {**named, "operationId": "getThing"},
                "put": {**named, "operationId": "putThing"},
            },
        },
        "components": {"links": {} if also is None else {"Shared": also}},
    }


CHANGED: dict[str, tuple[Object, Object, str]] = {
    "gone": (linking(_FOLLOWED), linking(None), "is gone"),
    "another operation": (
        linking(_FOLLOWED),
        linking({**_FOLLOWED, "operationId": "putThing"}),
        "now leads to PUT /things/{id}, was GET /things/{id}",
    ),
    "another place": (
        linking({"operationRef": "#/paths/~1things~1{id}/get"}),
        linking({"operationRef": "#/paths/~1things~1{id}/put"}),
        "now leads to PUT /things/{id}, was GET /things/{id}",
    ),
    "an operation that is nowhere": (
        linking(_FOLLOWED),
        linking({**_FOLLOWED, "operationId": "findThing"}),
        "now leads to 'findThing', was GET /things/{id}",
    ),
    "another value": (
        linking(_FOLLOWED),
        linking({**_FOLLOWED, "parameters": {"id": "$response.body#/key"}}),
        f'now fills \'id\' with "$response.body#/key", was "{_ID}"',
    ),
    "no value": (
        linking(_FOLLOWED),
        linking({"operationId": "getThing"}),
        f"now fills 'id' with null, was \"{_ID}\"",
    ),
    "another body": (
        linking({**_FOLLOWED, "requestBody": "$response.body"}),
        linking({**_FOLLOWED, "requestBody": "$response.body#/data"}),
        'now fills \'the body\' with "$response.body#/data", was "$response.body"',
    ),
    "another server": (
        linking(_FOLLOWED),
        linking({**_FOLLOWED, "server": {"url": "https://b"}}),
        "now leads to another server",
    ),
    "another value in what is shared": (
        linking({"$ref": "#/components/links/Shared"}, also=_FOLLOWED),
        linking({"$ref": "#/components/links/Shared"}, also={"operationId": "putThing"}),
        "now leads to PUT /things/{id}, was GET /things/{id}",
    ),
}
SAME: dict[str, tuple[Object, Object]] = {
    "by reference": (
        linking(_FOLLOWED),
        linking({"operationRef": "#/paths/~1things~1%7Bid%7D/get", "parameters": {"id": _ID}}),
    ),
    "by the place of a parameter": (
        linking(_FOLLOWED),
        linking({"operationId": "getThing", "parameters": {"path.id": _ID}}),
    ),
    "renamed variable": (
        linking(_FOLLOWED),
        linking({"operationId": "getThing", "parameters": {"key": _ID}}, variable="key"),
    ),
    "shared": (linking(_FOLLOWED), linking({"$ref": "#/components/links/Shared"}, also=_FOLLOWED)),
    "within a range": (linking(_FOLLOWED), linking(_FOLLOWED, status="2XX")),
    "described": (linking(_FOLLOWED), linking({**_FOLLOWED, "description": "The thing."})),
    "new": (linking(None), linking(_FOLLOWED)),
    "fills more": (linking({"operationId": "getThing"}), linking(_FOLLOWED)),
}


@pytest.mark.parametrize("name", CHANGED)
def test_link_that_no_longer_leads_as_it_did_is_unknown_to_generated_clients(name: str) -> None:
    base, head, sentence = CHANGED[name]

    (one,) = [one for one in found(base, head) if one.rule.startswith("link-")]

    assert one.level is Level.UNKNOWN
    assert one.message == f"link 'Next' of status '201' {sentence}"
    assert one.pointer == "/paths/~1things/post/responses/201/links/Next"
    assert {other.level for other in as_promised([one], lambda _: Promise.TOLERANT)} == {Level.SAFE}


@pytest.mark.parametrize("name", SAME)
def test_link_that_leads_to_the_same_says_nothing(name: str) -> None:
    assert [one for one in found(*SAME[name]) if one.rule.startswith("link-")] == []


def test_links_of_what_clients_answer_are_none_of_theirs() -> None:
    def called(link: Json) -> Object:
        made = linking(None)
        answered: Object = {"200": {"description": "", "links": {"Next": link}}}
        made["webhooks"] = {"done": {"post": {"responses": answered}}}
        return made

    assert found(called(_FOLLOWED), called({"operationId": "putThing"})) == []
