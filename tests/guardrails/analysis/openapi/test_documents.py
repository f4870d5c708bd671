"""Documents that are none, or that try to hurt their reader."""

import pytest

from guardrails.analysis.openapi.documents import DocumentError, Missing, document_of, read_document


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"swagger: '1.2'", "give 2.0"),
        (b"openapi: 4.0.0", "4.0.0"),
        (b"- a", "no object"),
        (b"{", "not YAML"),
        (b"a: [", "not YAML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"title: x", "no `openapi`"),
        (b"openapi: 3.1.0\npaths: &a {/x: *a}", "contains itself"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"openapi": "3.1.0", "x": ' + b"[" * 3000 + b"]" * 3000 + b"}", "nested too deeply"),
    ],
)
def test_what_is_no_document_is_refused_with_its_reason(content: bytes, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        read_document(content, "file.yaml")


def test_aliases_that_expand_without_measure_are_refused() -> None:
    lines = ["openapi: 3.1.0", "x0: &x0 {a: 1, b: 2}"]
    lines += [f"x{n}: &x{n} [{', '.join(f'*x{n - 1}' for _ in range(10))}]" for n in range(1, 10)]

    with pytest.raises(DocumentError, match="expands"):
        read_document("\n".join(lines).encode())


def test_yaml_is_read_as_json_would_be() -> None:
    document = read_document(b"openapi: 3.0.0\npaths: {}\nx-when: 2026-01-02\nx-no: no\n200: ok\nx-yes: true")

    assert document.root["x-when"] == "2026-01-02"
    assert document.root["x-no"] == "no"
    assert document.root["200"] == "ok"
    assert document.root["x-yes"] is True
    assert document.version == (3, 0)


def test_references_are_followed_within_the_document_and_nowhere_else() -> None:
    document = document_of(
        {"openapi": "3.1.0", "components": {"a/b": {"x": 1}, "loop": {"$ref": "#/components/loop"}}}
    )

    assert document.resolved({"$ref": "#/components/a~1b"}) == {"x": 1}
    assert document.resolved({"$ref": "#/components/loop"}) == {}
    assert isinstance(document.at("https://example.com/x.yaml"), Missing)
    assert isinstance(document.at("../../etc/passwd"), Missing)
    assert isinstance(document.at("#/components/none"), Missing)


def test_text_that_begins_like_a_boolean_is_text() -> None:
    content = b"openapi: 3.1.0\ninfo: {title: true if signed, version: false start}\npaths: {}\nx-on: true\n"

    root = read_document(content).root

    assert root["info"] == {"title": "true if signed", "version": "false start"}
    assert root["x-on"] is True
