"""What a lint rule looks at: one document, with its operations and schemas at hand.

Everything is found once and shared by all rules. A part that is written wrong is skipped here,
for the rules of structure name it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from guardrails.analysis.openapi.documents import Document, Missing
from guardrails.analysis.openapi.media import content_of
from guardrails.analysis.openapi.operations import Operation, operations_of
from guardrails.analysis.openapi.schemas.normal import Side, Universe
from guardrails.analysis.openapi.schemas.validators import Validators
from guardrails.analysis.openapi.values import Json, Node, listed, members, step

Found = Iterator[tuple[str, str]]
SINGLE = ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else")
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")


@dataclass(frozen=True, slots=True)
class LintRule:
    """One rule: `check` yields (pointer, sentence) for each place; `bad` and `good` are documents."""

    id: str
    name: str
    summary: str
    why: str
    remedy: str
    check: "Callable[[Subject], Found]"
    bad: str
    good: str


@dataclass(frozen=True, slots=True)
class Site:
    """One schema where it is written."""

    pointer: str
    schema: Node


class Subject:
    """One document as the rules see it."""

    def __init__(self, document: Document) -> None:
        """Take the document."""
        self.document = document

    @cached_property
    def operations(self) -> list[Operation]:
        """All operations of paths, then of webhooks."""
        return list(operations_of(self.document))

    @cached_property
    def served(self) -> list[Operation]:
        """The operations that clients call."""
        return [one for one in self.operations if one.kind == "path"]

    @cached_property
    def components(self) -> Node:
        """The shared definitions."""
        return members(self.document.root.get("components"))

    @cached_property
    def schemas(self) -> list[Site]:
        """Every schema with its inner ones, each where it is written."""
        found: dict[int, Site] = {}
        for pointer, raw in self._roots():
            _collect(raw, pointer, found)
        return list(found.values())

    @cached_property
    def sent(self) -> list[Site]:
        """Every schema that says what a client may send, references followed."""
        known = {id(site.schema): site for site in self.schemas}
        left = [raw for one in self.served for _, raw in _asked(one)]
        seen: dict[int, None] = {}
        while left:
            raw = left.pop()
            if not isinstance(raw, dict) or id(raw) in seen:
                continue
            seen[id(raw)] = None
            reference = raw.get("$ref")
            target = self.document.at(reference) if isinstance(reference, str) else None
            left += [] if isinstance(target, Missing) else [target]
            left += [inner for _, inner in _inner(raw, "")]
        return [site for key, site in known.items() if key in seen]

    @cached_property
    def universe(self) -> Universe:
        """All schemas, normalised."""
        return Universe(self.document, Side.TARGET, request=False)

    @cached_property
    def validators(self) -> Validators:
        """Validators of the schemas."""
        return Validators(self.universe)

    def _roots(self) -> Iterator[tuple[str, Json]]:
        for name, raw in members(self.components.get("schemas")).items():
            yield step("", "components", "schemas", name), raw
        for kind in ("parameters", "headers"):
            for name, raw in members(self.components.get(kind)).items():
                yield from _of_parameter(step("", "components", kind, name), raw)
        for kind in ("requestBodies", "responses"):
            for name, raw in members(self.components.get(kind)).items():
                yield from _of_content(step("", "components", kind, name), raw)
        for one in self.operations:
            yield from _asked(one)
            for status, raw in members(one.raw.get("responses")).items():
                pointer = step(one.pointer, "responses", status)
                yield from _of_content(pointer, raw)
                for name, header in members(members(raw).get("headers")).items():
                    yield from _of_parameter(step(pointer, "headers", name), header)


def _asked(one: Operation) -> Iterator[tuple[str, Json]]:
    item = one.pointer.rpartition("/")[0]
    for pointer, raws in ((item, one.item.get("parameters")), (one.pointer, one.raw.get("parameters"))):
        for index, raw in enumerate(listed(raws)):
            yield from _of_parameter(step(pointer, "parameters", index), one.document.resolved(raw))
    yield from _of_content(step(one.pointer, "requestBody"), one.body())


def _of_parameter(pointer: str, raw: Json) -> Iterator[tuple[str, Json]]:
    if "schema" in members(raw):
        yield step(pointer, "schema"), members(raw)["schema"]
    yield from _of_content(pointer, raw)


def _of_content(pointer: str, raw: Json) -> Iterator[tuple[str, Json]]:
    for name, media in content_of(members(raw)).items():
        if "schema" in media:
            yield step(pointer, "content", name, "schema"), media["schema"]


def _collect(raw: Json, pointer: str, found: dict[int, Site]) -> None:
    left = [(pointer, raw)]
    while left:
        place, one = left.pop()
        if isinstance(one, dict) and id(one) not in found:
            found[id(one)] = Site(place, one)
            left += reversed(list(_inner(one, place)))


def _inner(schema: Node, pointer: str) -> Iterator[tuple[str, Json]]:
    for name in (*SINGLE, *_UNEVALUATED):
        if name in schema:
            yield step(pointer, name), schema[name]
    for name in LISTS:
        for index, one in enumerate(listed(schema.get(name))):
            yield step(pointer, name, index), one
    for name in MAPS:
        for key, one in members(schema.get(name)).items():
            yield step(pointer, name, key), one
