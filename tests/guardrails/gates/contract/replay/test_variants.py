"""Other spellings of what was sent, and what HTTP lets clients ask beside a document."""

from guardrails.analysis.openapi.documents import read_document
from guardrails.analysis.openapi.operations import operations_of
from guardrails.gates.contract.replay.variants import asides, spellings, texts_in
from guardrails.gates.contract.replay.witness import PLACEHOLDER
from guardrails.model.ports import Request

DOCUMENT = b"""{"openapi": "3.1.0", "info": {"title": "", "version": "1"}, "paths": {"/a": {
 "get": {"responses": {"200": {"description": "", "content": {"application/json": {}, "text/csv": {}}}}},
 "post": {"responses": {"200": {"description": ""}}}}}}"""


def test_texts_are_those_that_bodies_hold_often_or_that_vary() -> None:
    bodies = [
        b'{"name": "plain", "of": "' + PLACEHOLDER.encode() + b'0x"}',
        b'{"name": "plain"}',
        '{"tags": ["Straße Ärger", "1"]}'.encode(),
        b"{",
        b"[1]",
    ]

    found = texts_in(bodies)

    assert found[0] == "plain"
    assert "Straße Ärger" in found
    assert not any(PLACEHOLDER in one for one in found)


def test_spellings_change_case_marks_blanks_width_and_composition() -> None:
    found = spellings(["Straße Ä"])

    for one in (
        "sTRASSE ä",
        "STRASSE Ä",
        "strasse ä",
        "Straße A",
        "  Straße Ä ",
        "Straße  Ä",
        "Straße A\u0308",
    ):
        assert one in found
    assert any(one.startswith("\uff33\uff54") for one in found)


def test_asides_are_other_methods_headers_and_a_slash() -> None:
    get, post = sorted(operations_of(read_document(DOCUMENT, "a document")), key=lambda one: one.method)
    request = Request("GET", "/a?x=1", (("x-key", "k"),))

    found = list(asides(get, request))

    assert {one.method for one in found} == {"OPTIONS", "HEAD", "GET"}
    assert "/a/?x=1" in {one.path for one in found}
    assert all(("x-key", "k") in one.headers for one in found)
    accepted = {value for one in found for name, value in one.headers if name == "accept"}
    assert accepted == {"application/json", "text/csv", "text/html"}
    assert [one.method for one in asides(post, Request("POST", "/a"))] == ["OPTIONS"]
