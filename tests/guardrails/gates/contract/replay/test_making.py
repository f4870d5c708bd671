"""Requests that ask for texts which were sent before."""

import json

from guardrails.analysis.openapi.documents import read_document
from guardrails.analysis.openapi.operations import operations_of
from guardrails.gates.contract.replay.making import Maker
from guardrails.gates.contract.replay.values import Values


def paths(*parameters: dict[str, object]) -> list[str]:
    operation = {"parameters": list(parameters), "responses": {"200": {"description": ""}}}
    raw = {"openapi": "3.1.0", "info": {"title": "", "version": "1"}, "paths": {"/a": {"get": operation}}}
    document = read_document(json.dumps(raw).encode(), "a document")
    maker = Maker(next(iter(operations_of(document))), Values(document), {})
    return [request.path for draft in maker.echoes(["x", "y"]) if (request := maker.request(draft))]


def query(name: str, *, required: bool = False, **schema: object) -> dict[str, object]:
    return {"in": "query", "name": name, "required": required, "schema": {"type": "string", **schema}}


def test_texts_are_asked_for_alone_where_nothing_else_can_be_asked() -> None:
    assert paths(query("search", required=True)) == ["/a?search=x", "/a?search=y"]
    assert paths(query("search")) == ["/a?search=x", "/a?search=y"]
    assert paths() == []
    assert paths(query("order", enum=["up"])) == []


def test_texts_are_asked_for_beside_an_order() -> None:
    assert "/a?search=x&order=up" in paths(query("search"), query("order", enum=["up", "down"]))
