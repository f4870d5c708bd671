"""How a schema is written as XML, which no validator of JSON reads and every message shows."""

from collections.abc import Iterator, Mapping

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.schemas.lost.loss import Loss
from guardrails.analysis.openapi.schemas.lost.written import side_by_side
from guardrails.analysis.openapi.values import Json, canonical, members

_UNSPOKEN: Mapping[str, Json] = {"attribute": False, "wrapped": False}


def rewritten(base: Document, head: Document, before: Json, after: Json) -> Iterator[Loss]:
    """Yield the places at which two schemas are written otherwise as XML."""
    for one, other, pointer in side_by_side((base, head), (before, after), set()):
        name = pointer.rpartition("/")[2]
        was, now = (_said(members(schema.get("xml")), name) for schema in (one, other))
        if was != now:
            told = f"is written as {canonical(now)} in XML, was {canonical(was)}"
            yield Loss("xml", pointer, f"{name or 'the whole'!a} {told}")


def _said(xml: Mapping[str, Json], name: str) -> dict[str, Json]:
    """Return what is said of a node, defaults and the prefix left out, which a reader of XML does not see."""
    said = {**_UNSPOKEN, "name": name, **xml}
    defaults = {**_UNSPOKEN, "name": name}
    return {
        key: one
        for key, one in said.items()
        if key != "prefix" and not key.startswith("x-") and one != defaults.get(key)
    }


def is_xml(media: str) -> bool:
    """Whether a body of the media type is XML."""
    subtype = media.partition(";")[0].partition("/")[2]
    return subtype == "xml" or subtype.endswith("+xml")
