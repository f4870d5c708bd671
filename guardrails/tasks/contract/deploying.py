"""Whether a document gives every known consumer what it uses: asked before that version is deployed."""

from collections.abc import Iterator, Sequence

from guardrails.analysis.consumers.reading import Consumer, UsedOperation
from guardrails.analysis.consumers.touching import using
from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.media import content_of, schema_of
from guardrails.analysis.openapi.operations import Operation, operations_of
from guardrails.analysis.openapi.values import Json, listed, members
from guardrails.model.frozen import frozen

_DEEPEST = 40


@frozen
class Lack:
    """One thing that a consumer uses and a document does not offer."""

    consumer: str
    operation: str
    sentence: str


def lacks(document: Document, consumers: Sequence[Consumer]) -> list[Lack]:
    """Return what the consumers use and the document lacks, by consumer."""
    operations = [one for one in operations_of(document) if one.kind == "path"]
    return [
        Lack(consumer.label, use.operation, sentence)
        for consumer in consumers
        for use in consumer.uses
        for sentence in _lacks_of(document, operations, consumer, use)
    ]


def _lacks_of(
    document: Document, operations: Sequence[Operation], consumer: Consumer, use: UsedOperation
) -> Iterator[str]:
    found = [one for one in operations if use in using(consumer, f"{one.method.upper()} {one.path}")]
    if not found:
        yield "the document has no such operation"
        return
    operation = min(found, key=lambda one: one.path.count("{"))
    good = [raw for status, raw in sorted(operation.responses().items()) if status.startswith("2")]
    answers = [schema_of(media) for raw in good for name, media in content_of(raw).items() if "json" in name]
    for pointer in use.reads:
        if answers and not any(_has(document, one, pointer.split("/")[1:], 0) for one in answers):
            yield f"no answer holds {pointer}, which it reads"
    bodies = [schema_of(media) for name, media in content_of(operation.body()).items() if "json" in name]
    for pointer in use.sends:
        if bodies and not any(_has(document, one, pointer.split("/")[1:], 0) for one in bodies):
            yield f"no request takes {pointer}, which it sends"


def _has(document: Document, schema: Json, steps: Sequence[str], depth: int) -> bool:
    """Whether a value of the schema may hold something at the place; what the schema leaves open, it may."""
    node = document.resolved(schema)
    parts = [*listed(node.get("allOf")), *listed(node.get("anyOf")), *listed(node.get("oneOf"))]
    if not steps or depth > _DEEPEST or schema is True:
        return True
    if any(_has(document, one, steps, depth + 1) for one in parts):
        return True
    name = steps[0].replace("~1", "/").replace("~0", "~")
    properties, extra = members(node.get("properties")), node.get("additionalProperties")
    if name == "*":
        inner = [node["items"]] if "items" in node else [*properties.values(), *([extra] if extra else [])]
        is_open = node.get("type") in {"array", "object"} and not inner and not parts
        return is_open or any(_has(document, one, steps[1:], depth + 1) for one in inner)
    if name in properties:
        return _has(document, properties[name], steps[1:], depth + 1)
    if isinstance(extra, dict) or extra is True:
        return _has(document, extra, steps[1:], depth + 1)
    # Without any property named, the document says nothing of what is in there.
    return not properties and not parts and node.get("type", "object") == "object" and extra is None
