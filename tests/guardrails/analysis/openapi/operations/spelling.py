"""How bodies are spelled: parameters of a media type, XML; and statuses that lead elsewhere."""

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.operations.builders import (
    LIST,
    STRING,
    Pairs,
    answer,
    answering,
    body,
    webhook,
)
from tests.guardrails.analysis.openapi.pairs import Object


def marked(schema: Object = STRING, *, media: str = "application/xml", **xml: Json) -> Object:
    """Return a document whose operation takes an element that is written so."""
    inner: Json = {**schema, **({"xml": dict[str, Json](xml)} if xml else {})}
    return body(media, {"type": "object", "properties": {"a": inner}})


def answered(media: str) -> Object:
    """Return a document whose operation answers with a media type."""
    return answering(**{"200": answer(None, {media: STRING})})


SPELLING: Pairs = {
    "another version in the media type": (
        body("application/json; version=1"),
        body("application/json; version=2"),
        "breaking",
    ),
    "another version is answered": (
        answered("application/json;v=1"),
        answered("application/json;v=2"),
        "breaking",
    ),
    "another charset": (
        body("text/plain; charset=utf-8"),
        body("text/plain; charset=latin-1"),
        "breaking",
    ),
    "charset in quotes": (
        body("text/plain; charset=utf-8"),
        body('text/plain; charset="UTF-8"'),
        "kept",
    ),
    "charset left out": (body("text/plain; charset=utf-8"), body("text/plain"), "kept"),
    "version beside a charset": (
        body("application/json; version=1"),
        body("application/json; charset=utf-8; version=1"),
        "kept",
    ),
    "client may answer one status of a range": (
        webhook(STRING, answer={"2XX": answer()}),
        webhook(STRING, answer={"200": answer()}),
        "breaking",
    ),
    "client may answer all that it could": (
        webhook(STRING, answer={"2XX": answer()}),
        webhook(STRING, answer={"200": answer(), "default": answer(), "2XX": answer()}),
        "kept",
    ),
    "server answers one status of a range": (
        answering(**{"2XX": answer()}),
        answering(**{"200": answer()}),
        "kept",
    ),
    "no address to go on to": (
        answering(**{"200": answer(), "302": answer({"Location": {"schema": STRING}})}),
        answering(**{"200": answer()}),
        "unknown",
    ),
    "no other protocol": (
        answering(**{"101": answer(), "200": answer()}),
        answering(**{"200": answer()}),
        "unknown",
    ),
    "XML of another prefix": (marked(name="a", prefix="x"), marked(name="a", prefix="y"), "kept"),
    "XML as it was anyway": (marked(), marked(name="a", attribute=False), "kept"),
    "JSON as XML is not": (
        marked(media="application/json", name="A"),
        marked(media="application/json", name="B"),
        "kept",
    ),
}
PRESUMED_SPELLING: Pairs = {
    "XML of another name": (marked(name="A"), marked(name="B"), "breaking"),
    "XML without its name": (marked(name="A"), marked(), "breaking"),
    "XML in another namespace": (marked(namespace="urn:a"), marked(namespace="urn:b"), "breaking"),
    "XML no attribute": (marked(attribute=True), marked(), "breaking"),
    "XML no longer wrapped": (marked(LIST, wrapped=True), marked(LIST), "breaking"),
    "XML of its own kind": (
        marked(media="application/atom+xml", name="A"),
        marked(media="application/atom+xml", name="B"),
        "breaking",
    ),
}
