"""Documents of several files: joined inside their tree, and nothing fetched from anywhere else."""

import pytest

from guardrails.analysis.openapi import documents
from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.documents import Document, DocumentError, read_document

ROOT = b"""
openapi: 3.1.0
paths:
  /things:
    $ref: paths/things.yaml
"""
THINGS = b"""
post:
  requestBody: {content: {application/json: {schema: {$ref: '../schemas.yaml#/Thing'}}}}
  responses: {'200': {description: ''}}
"""
SCHEMAS = b"""
Thing: {type: object, properties: {next: {$ref: '#/Thing'}, tag: {$ref: 'tag%20one.yaml'}}}
"""
FILES = {"api/paths/things.yaml": THINGS, "api/schemas.yaml": SCHEMAS, "api/tag one.yaml": b"type: string"}


def read(files: dict[str, bytes], root: bytes = ROOT) -> Document:
    return read_document(root, "api/openapi.yaml", files.get)


def test_files_in_the_tree_are_one_document() -> None:
    whole = read(FILES)

    assert whole.problems == ()
    assert differences(whole, read(FILES)) == []


def test_break_in_another_file_is_found_where_it_is_used() -> None:
    head = read({**FILES, "api/tag one.yaml": b"{type: string, maxLength: 3}"})

    found = differences(read(FILES), head)

    assert {(one.level, one.method, one.path) for one in found} == {("breaking", "POST", "/things")}
    assert "/tag" in {one.inner for one in found}


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("https://example.com/x.yaml#/a", "host"),
        ("//example.com/x.yaml", "host"),
        ("../../etc/passwd", "out of the document's tree"),
        ("/etc/passwd", "out of the document's tree"),
        ("%2e%2e/%2e%2e/etc/passwd", "out of the document's tree"),
        ("file:///etc/passwd", "host"),
        ("none.yaml", "not there"),
        ("broken.yaml", "cannot be read"),
    ],
)
def test_reference_that_is_not_followed_is_named_and_the_rest_is_read(reference: str, said: str) -> None:
    root = ROOT.replace(b"paths/things.yaml", f"'{reference}'".encode()) + b"  /other: {get: {}}\n"
    asked: list[str] = []

    def files(path: str) -> bytes | None:
        asked.append(path)
        return b"a: [" if path == "api/broken.yaml" else None

    document = read_document(root, "api/openapi.yaml", files)

    ((pointer, sentence),) = document.problems
    assert pointer == "/paths/~1things"
    assert said in sentence
    assert "/other" in document.root["paths"]  # type: ignore[operator]  # an object in the text above
    assert set(asked) <= {"api/none.yaml", "api/broken.yaml"}


def test_files_that_refer_to_each_other_in_a_ring_end() -> None:
    ring = {"api/a.yaml": b"$ref: b.yaml", "api/b.yaml": b"$ref: a.yaml"}

    document = read(ring, ROOT.replace(b"paths/things.yaml", b"a.yaml"))

    assert differences(document, document) == []


def test_many_long_files_are_refused_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", 400)
    long = {**FILES, "api/tag one.yaml": b"type: string # " + b"x" * 400}

    with pytest.raises(DocumentError, match=r"tag one\.yaml: with it the document is longer"):
        read(long)
