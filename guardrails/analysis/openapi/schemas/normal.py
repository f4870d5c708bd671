"""Schemas of all OpenAPI versions as one dialect, JSON Schema 2020-12, seen from one side of a message.

The source is the side whose messages must get through (a request's client, a response's server),
the target the side that must take them. A property that the source never sends (`readOnly` in a
request, `writeOnly` in a response) is forbidden in the source's schema and anything in the
target's. Reading is tolerant: a keyword with a value of the wrong type says nothing.
"""

import math
import re
from collections.abc import Iterator
from enum import StrEnum

from guardrails.analysis.openapi.documents import Document, Missing
from guardrails.analysis.openapi.schemas.formats import ENCODINGS, FORMATS, MEANINGLESS, RANGES
from guardrails.analysis.openapi.schemas.patterns import is_readable
from guardrails.analysis.openapi.schemas.rewriting import choose, rewrite
from guardrails.analysis.openapi.schemas.sameness import SILENT
from guardrails.analysis.openapi.values import (
    Json,
    Node,
    count,
    distinct,
    equal,
    listed,
    members,
    number,
    texts,
)

FALSE: Node = {"not": {}}
UNSENT: Node = {"x-guardrails-unsent": True}
WIDENED = "x-guardrails-widened"
UNRESOLVED = "x-guardrails-unresolved"
UNREAD = "x-guardrails-pattern"
DEPRECATED = "x-guardrails-deprecated"
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_NEW_DIALECT = (3, 1)
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_COUNTED = ("Length", "Items", "Properties", "Contains")
_COUNTS = tuple(f"{edge}{what}" for what in _COUNTED for edge in ("min", "max"))
_SCHEMAS = (
    *("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"),
    *("unevaluatedItems", "unevaluatedProperties"),
)
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("patternProperties", "dependentSchemas")
_SPOKEN = {
    **dict.fromkeys(("minLength", "maxLength", "pattern"), "string"),
    **dict.fromkeys((*_BOUNDS, "multipleOf"), "number"),
    **dict.fromkeys(("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"), "array"),
    **dict.fromkeys(("properties", "required", "minProperties", "maxProperties"), "object"),
}


class Side(StrEnum):
    """Whether a schema describes what is sent or what is taken."""

    SOURCE = "source"
    TARGET = "target"


class Universe:
    """All schemas of one document, normalised when first looked at, for one side of one kind of message."""

    def __init__(self, document: Document, side: Side, *, request: bool, meant: bool = False) -> None:
        """Take a document, its side, and whether a type is `meant` to include what its keywords speak of."""
        self.document = document
        self.side = side
        self.is_mistyped = False
        self._is_meant = meant
        self._hidden = "readOnly" if request else "writeOnly"
        self._made: dict[int, Node] = {}
        self._written: dict[int, Json] = {}
        self._kept: list[Json] = []
        self._definitions: dict[str, str] = {}
        self._references: list[str] = []
        self._within: dict[int, tuple[Node, frozenset[str]]] = {}
        self._plain: dict[tuple[str, str], Node] = {}
        self._followed: dict[str, Node] = {}
        self.bearing: dict[tuple[bool, tuple[int, ...]], tuple[tuple[Node, ...], tuple[Node, ...]]] = {}

    def node(self, raw: Json) -> Node:
        """Return the normalised form of a schema of the document; the same object for the same schema."""
        if raw is False:
            return FALSE
        if not isinstance(raw, dict):
            return {}
        made = self._made.get(id(raw))
        if made is None:
            self._kept.append(raw)  # an id is one object's only while that object lives
            made = self._made[id(raw)] = self._shared(raw)
        return made

    def _shared(self, raw: dict[str, Json]) -> Node:
        """Return the normalised form, one for all schemas that say no more than the same type and format."""
        spoken = {name: one for name, one in raw.items() if name not in SILENT and not name.startswith("x-")}
        kind, format_ = spoken.get("type"), spoken.get("format", "")
        if spoken.keys() <= {"type", "format"} and isinstance(kind, str) and isinstance(format_, str):
            if (kind, format_) not in self._plain:
                self._plain[kind, format_] = made = self._normal(spoken)
                self._kept.append(spoken)
                self._written[id(made)] = spoken
            return self._plain[kind, format_]
        made = self._made[id(raw)] = {}
        self._written[id(made)] = raw
        made.update(self._normal(raw))
        return made

    def written(self, node: Node) -> Json:
        """Return the schema that a node is the normalised form of, None where it was made here."""
        return self._written.get(id(node))

    def at(self, key: str) -> Node:
        """Return the schema that a normalised `$ref` leads to."""
        if key not in self._followed:
            found = self.document.at(self._references[int(key.rpartition("/")[2])])
            self._followed[key] = {} if isinstance(found, Missing) else self.node(found)
        return self._followed[key]

    def references(self, node: Node) -> frozenset[str]:
        """Return the normalised references anywhere in a node."""
        known = self._within.get(id(node))
        if known is None:
            known = self._within[id(node)] = (node, _references(node))
        return known[1]

    def _reference(self, reference: str) -> Node:
        if isinstance(self.document.at(reference), Missing):
            return {UNRESOLVED: reference}
        if _is_endless(self.document, reference):
            return {}
        if reference not in self._definitions:
            self._definitions[reference] = f"#/$defs/{len(self._references)}"
            self._references.append(reference)
        return {"$ref": self._definitions[reference]}

    def _normal(self, raw: dict[str, Json]) -> Node:
        reference = raw.get("$ref")
        if isinstance(reference, str) and self.document.version < _NEW_DIALECT:
            return self._reference(reference)
        if reference is None:
            reference = raw.get("$dynamicRef")
        node: Node = {}
        if isinstance(reference, str):
            node.update(self._reference(reference))
        node.update(_scalars(raw))
        node.update(self._parts(raw))
        node.update(self._object(raw))
        rewrite(node)
        self._widen(node)
        more = [*_meaning(raw, node), *self._dispatched(raw, node)]
        if more:
            node["allOf"] = [*listed(node.get("allOf")), *more]
        choose(node)
        return _nullable(raw, node)

    def _parts(self, raw: dict[str, Json]) -> Iterator[tuple[str, Json]]:
        for name in _SCHEMAS:
            if name == "items" and isinstance(raw.get(name), list):
                yield "prefixItems", [self.node(one) for one in listed(raw[name])]
                if "additionalItems" in raw:
                    yield "items", self.node(raw["additionalItems"])
            elif isinstance(raw.get(name), dict | bool):
                yield name, self.node(raw[name])
        for name in _LISTS:
            parts = [one for one in listed(raw.get(name)) if isinstance(one, dict | bool)]
            if parts:
                yield name, [self.node(one) for one in parts]
        for name in _MAPS:
            parts_by_name = members(raw.get(name))
            if parts_by_name:
                yield name, {key: self.node(one) for key, one in parts_by_name.items() if _sound(name, key)}

    def _object(self, raw: dict[str, Json]) -> Iterator[tuple[str, Json]]:
        properties = members(raw.get("properties"))
        unsent = {name for name, one in properties.items() if self._is_unsent(one)}
        if properties:
            absent = FALSE if self.side is Side.SOURCE else UNSENT
            yield (
                "properties",
                {name: absent if name in unsent else self.node(one) for name, one in properties.items()},
            )
        going: list[Json] = [
            name for name, one in properties.items() if members(one).get("deprecated") is True
        ]
        if going:
            yield DEPRECATED, going
        required = [name for name in dict.fromkeys(texts(raw.get("required"))) if name not in unsent]
        if required:
            yield "required", list[Json](sorted(required))
        dependent = {name: texts(names) for name, names in members(raw.get("dependentRequired")).items()}
        if dependent:
            yield "dependentRequired", {name: list[Json](sorted(names)) for name, names in dependent.items()}

    def _widen(self, node: Node) -> None:
        """Note keywords that say nothing for the node's type; where they are meant, widen the type to theirs."""
        types = texts(node.get("type"))
        spoken = {kind for name, kind in _SPOKEN.items() if name in node}
        missing = spoken - set(types) - ({"number"} if "integer" in types else set())
        if types and missing:
            self.is_mistyped = not self._is_meant
            if self._is_meant:
                node["type"] = [name for name in TYPES if name in types or name in missing]
                if "enum" in node:
                    kinds = list[Json](sorted(missing))
                    either: Node = {"anyOf": [{"enum": node.pop("enum")}, {"type": kinds}]}
                    node["allOf"] = [*listed(node.get("allOf")), either]
                node[WIDENED] = list[Json](sorted(missing))

    def _dispatched(self, raw: dict[str, Json], node: Node) -> list[Json]:
        """Return the choice that a discriminator makes: each branch goes with its own names alone."""
        said = members(raw.get("discriminator"))
        name = said.get("propertyName")
        keyword = next((one for one in ("oneOf", "anyOf") if one in node), None)
        if not isinstance(name, str) or keyword is None:
            return []
        branches = [members(one).get("$ref") for one in listed(raw.get(keyword))]
        if not all(isinstance(one, str) for one in branches):
            return []
        node.pop(keyword)
        named = members(said.get("mapping"))
        choices: list[Json] = []
        for reference in branches:
            names = [
                value
                for value, one in named.items()
                if str(one) in {reference, str(reference).rpartition("/")[2]}
            ]
            values: list[Json] = list(names or [str(reference).rpartition("/")[2]])
            one: Node = {"properties": {name: {"enum": values}}}
            if self.side is Side.SOURCE:
                one["required"] = [name]
            choices.append({"allOf": [self._reference(str(reference)), one]})
        return [{"anyOf": choices}]

    def _is_unsent(self, raw: Json) -> bool:
        return members(raw).get(self._hidden) is True or self.document.resolved(raw).get(self._hidden) is True


def _references(node: Node) -> frozenset[str]:
    found: set[str] = set()
    values: list[Json] = [node]
    while values:
        value = values.pop()
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                found.add(reference)
            values += [one for key, one in value.items() if key != "enum" and isinstance(one, dict | list)]
        elif isinstance(value, list):
            values += value
    return frozenset(found)


def _is_endless(document: Document, reference: str) -> bool:
    """Whether a reference only ever leads to references, round and round, and so says nothing."""
    seen: set[str] = set()
    while reference not in seen:
        seen.add(reference)
        found = document.at(reference)
        raw = {} if isinstance(found, Missing) else members(found)
        inner = [
            raw,
            *(members(one) for name in ("allOf", "anyOf", "oneOf") for one in listed(raw.get(name))),
        ]
        named = [one["$ref"] for one in inner if isinstance(one.get("$ref"), str)]
        spoken = raw.keys() - {"$ref", "allOf", "anyOf", "oneOf", "title", "description", "example"}
        if spoken or len(named) != 1 or len(inner) > (1 if "$ref" in raw else 2):
            return False
        reference = str(named[0])
    return True


def _sound(name: str, key: str) -> bool:
    return name != "patternProperties" or _compiles(key)


def _compiles(pattern: str) -> bool:
    if is_readable(pattern):
        return True
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _scalars(raw: dict[str, Json]) -> Node:
    node: Node = {}
    types = [raw["type"]] if isinstance(raw.get("type"), str) else listed(raw.get("type"))
    known = [name for name in TYPES if name in types]
    if known:
        node["type"] = list[Json]([one for one in known if one != "integer" or "number" not in known])
    for name in _COUNTS:
        found = count(raw.get(name))
        if found is not None:
            node[name] = found
    if raw.get("uniqueItems") is True:
        node["uniqueItems"] = True
    pattern = raw.get("pattern")
    if isinstance(pattern, str):
        node["pattern" if _compiles(pattern) else UNREAD] = pattern
    encoding = raw.get("contentEncoding")
    if isinstance(encoding, str) and encoding.lower() not in ENCODINGS:
        node["contentEncoding"] = encoding.lower()
    node.update(_finite(raw))
    node.update(_bounds(raw, integral="integer" in known and set(known) <= {"null", "integer"}))
    return node


def _finite(raw: dict[str, Json]) -> Node:
    values = distinct(listed(raw["enum"])) if isinstance(raw.get("enum"), list) else None
    if raw.get("nullable") is True and values is not None:
        values = distinct([*values, None])
    if "const" in raw:
        const = raw["const"]
        values = [const] if values is None or any(equal(const, one) for one in values) else []
    return {} if values is None else {"enum": values}


def _bounds(raw: dict[str, Json], *, integral: bool) -> Node:
    found = {name: number(raw.get(name)) for name in (*_BOUNDS, "multipleOf")}
    for plain, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if raw.get(exclusive) is True:
            found[exclusive], found[plain] = found[plain], None
    if integral:
        _close(found)
    multiple = found["multipleOf"]
    if multiple is not None and multiple <= 0:
        found["multipleOf"] = None
    return {name: one for name, one in found.items() if one is not None and math.isfinite(one)}


def _close(found: dict[str, int | float | None]) -> None:
    """Rewrite the bounds of whole numbers as inclusive whole ones."""
    low, high = found["exclusiveMinimum"], found["exclusiveMaximum"]
    lows = [math.ceil(found["minimum"])] if found["minimum"] is not None else []
    highs = [math.floor(found["maximum"])] if found["maximum"] is not None else []
    lows += [math.floor(low) + 1] if low is not None else []
    highs += [math.ceil(high) - 1] if high is not None else []
    found |= {"exclusiveMinimum": None, "exclusiveMaximum": None}
    found["minimum"], found["maximum"] = max(lows, default=None), min(highs, default=None)


def _meaning(raw: dict[str, Json], node: Node) -> list[Json]:
    """Return what a known format says as a schema of its own; other formats stay as they are named."""
    if node.get("enum") == []:
        del node["enum"]
        return [FALSE]
    encoding = raw.get("contentEncoding")
    found: list[Json] = []
    if isinstance(encoding, str) and encoding.lower() in ENCODINGS:
        found.append({"pattern": ENCODINGS[encoding.lower()]})
    return [*found, *_formatted(raw, node)]


def _formatted(raw: dict[str, Json], node: Node) -> list[Json]:
    name, types = raw.get("format"), listed(node.get("type"))
    if not isinstance(name, str):
        return []
    if name in FORMATS:
        return [{"pattern": FORMATS[name]}]
    if name in RANGES and ("integer" in types or "number" in types):
        low, high = RANGES[name]
        return [{"minimum": low, "maximum": high}]
    if name not in RANGES and name not in MEANINGLESS:
        node["format"] = name
    return []


def _nullable(raw: dict[str, Json], node: Node) -> Node:
    """Apply OpenAPI 3.0's `nullable`, also beside a composition, where tools honour it though the text does not."""
    if raw.get("nullable") is not True:
        return node
    if "type" in node:
        types = listed(node["type"])
        return {**node, "type": types if "null" in types else ["null", *types]}
    if any(name in node for name in ("$ref", "allOf", "anyOf", "oneOf")):
        return {"anyOf": [{"type": ["null"]}, node]}
    return node
