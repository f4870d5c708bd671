"""Rules about schemas as they are written."""

import re

from guardrails.analysis.openapi.documents import Missing
from guardrails.analysis.openapi.lint.subject import Found, LintRule, Site, Subject
from guardrails.analysis.openapi.schemas.patterns import Irregular, Part, Repeat, Series, parsed
from guardrails.analysis.openapi.values import Json, canonical, listed, members, step, texts

_TYPES = {"null", "boolean", "integer", "number", "string", "array", "object"}
_ABOUT = {
    **dict.fromkeys(("minLength", "maxLength", "pattern"), frozenset({"string"})),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), frozenset({"integer", "number"})),
    **dict.fromkeys(("items", "minItems", "maxItems", "uniqueItems"), frozenset({"array"})),
    **dict.fromkeys(("properties", "required", "minProperties", "maxProperties"), frozenset({"object"})),
}
_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("properties", "patternProperties", "discriminator", "xml"), dict),
    **dict.fromkeys(("required", "enum", "allOf", "anyOf", "oneOf", "prefixItems"), list),
    **dict.fromkeys(("pattern", "format", "$ref", "title", "description"), str),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), int),
    **dict.fromkeys(("items", "additionalProperties", "not"), (dict, bool)),
    **dict.fromkeys(("minimum", "maximum", "multipleOf"), (int, float)),
}
_COMPOSED = ("$ref", "allOf", "anyOf", "oneOf")


def document(schema: str, version: str = "3.1.0") -> str:
    """Return a document whose one operation takes what fits the schema, called S."""
    body = "{content: {application/json: {schema: {$ref: '#/components/schemas/S'}}}}"
    return (
        f"openapi: {version}\ninfo: {{title: t, version: '1'}}\npaths:\n"
        f"  /a: {{post: {{requestBody: {body}, responses: {{'204': {{description: fine}}}}}}}}\n"
        f"components: {{schemas: {{S: {schema}}}}}\n"
    )


def _types(site: Site) -> set[str]:
    found = site.schema.get("type")
    return {found} if isinstance(found, str) else set(texts(found))


def _mistyped(subject: Subject) -> Found:
    for site in subject.schemas:
        for name, kind in _KINDS.items():
            value = site.schema.get(name)
            if name in site.schema and (
                not isinstance(value, kind) or (kind is int and isinstance(value, bool))
            ):
                yield step(site.pointer, name), f"{name} is {_shown(value)}, which says nothing"
        for name in sorted(_types(site) - _TYPES):
            yield step(site.pointer, "type"), f"{name!a} is no type"


def _shown(value: Json) -> str:
    text = ascii(value)
    return text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004 - a line that still reads


def _idle(subject: Subject) -> Found:
    for site in subject.schemas:
        types = _types(site)
        for name, about in _ABOUT.items():
            if types and name in site.schema and not types & about:
                yield step(site.pointer, name), f"{name} says nothing about {' or '.join(sorted(types))}"


def _undeclared(subject: Subject) -> Found:
    for site in subject.schemas:
        declared = members(site.schema.get("properties"))
        if not declared or any(name in site.schema for name in _COMPOSED):
            continue
        for name in texts(site.schema.get("required")):
            if name not in declared:
                yield step(site.pointer, "required"), f"{name!a} is required and not declared"


def _unreadable(subject: Subject) -> Found:
    for site in subject.schemas:
        for pointer, pattern in _patterns(site):
            try:
                re.compile(pattern)
            except (re.error, RecursionError, OverflowError):
                yield pointer, f"the pattern {_shown(pattern)} cannot be read"


def _patterns(site: Site) -> list[tuple[str, str]]:
    own = site.schema.get("pattern")
    found = [(step(site.pointer, "pattern"), own)] if isinstance(own, str) else []
    names = members(site.schema.get("patternProperties"))
    return [*found, *((step(site.pointer, "patternProperties", name), name) for name in names)]


def _explosive(subject: Subject) -> Found:
    for site in subject.schemas:
        for pointer, pattern in _patterns(site):
            try:
                explodes = _nests(parsed(pattern), inside=False)
            except Irregular:
                continue
            if explodes:
                yield pointer, f"the pattern {_shown(pattern)} repeats a repetition"


def _nests(part: Part, *, inside: bool) -> bool:
    if isinstance(part, Repeat):
        endless = part.most is None
        return (inside and endless) or _nests(part.part, inside=endless)
    if isinstance(part, Series):
        if len(part.parts) > 1:
            return any(_nests(one, inside=False) for one in part.parts)
        return any(_nests(one, inside=inside) for one in part.parts)
    return any(_nests(one, inside=inside) for one in getattr(part, "parts", ()))


def _unbounded(subject: Subject) -> Found:
    for site in subject.sent:
        if "array" in _types(site) and "maxItems" not in site.schema and "enum" not in site.schema:
            yield site.pointer, "a client may send a list of any length"


def _endless(subject: Subject) -> Found:
    bounds = ("maxLength", "enum", "const", "pattern", "format")
    for site in subject.sent:
        if "string" in _types(site) and not any(name in site.schema for name in bounds):
            yield site.pointer, "a client may send a string of any length"


def _huge(subject: Subject) -> Found:
    bounds = ("maximum", "exclusiveMaximum", "enum", "const", "format")
    for site in subject.sent:
        if "integer" in _types(site) and not any(name in site.schema for name in bounds):
            yield site.pointer, "a client may send an integer that no machine word holds"


def _itemless(subject: Subject) -> Found:
    for site in subject.schemas:
        if "array" in _types(site) and not {"items", "prefixItems", "contains", "enum"} & site.schema.keys():
            yield site.pointer, "what the list holds is not said"


def _dangling(subject: Subject) -> Found:
    for site in subject.schemas:
        reference = site.schema.get("$ref")
        if isinstance(reference, str) and isinstance(subject.document.at(reference), Missing):
            yield step(site.pointer, "$ref"), f"{_shown(reference)} leads nowhere"
    yield from subject.document.problems


def _mapped(subject: Subject) -> Found:
    known = members(subject.components.get("schemas"))
    for site in subject.schemas:
        mapping = members(members(site.schema.get("discriminator")).get("mapping"))
        for name, target in mapping.items():
            found = isinstance(target, str) and (
                target in known or not isinstance(subject.document.at(target), Missing)
            )
            if not found:
                pointer = step(site.pointer, "discriminator", "mapping", name)
                yield pointer, f"the discriminator's value {name!a} leads nowhere"


def _untold(subject: Subject) -> Found:
    for site in subject.schemas:
        name = members(site.schema.get("discriminator")).get("propertyName")
        branches = [*listed(site.schema.get("oneOf")), *listed(site.schema.get("anyOf"))]
        for index, one in enumerate(branches if isinstance(name, str) else ()):
            branch = subject.document.resolved(one)
            is_plain = "properties" in branch and not any(key in branch for key in _COMPOSED)
            if is_plain and name not in texts(branch.get("required")):
                yield site.pointer, f"branch {index} does not require the discriminator {name!a}"


def _old_words(subject: Subject) -> Found:
    is_new = subject.document.version >= (3, 1)
    for site in subject.schemas:
        if is_new and "nullable" in site.schema:
            yield step(site.pointer, "nullable"), "nullable says nothing since 3.1; add null to the types"
        if not is_new and isinstance(site.schema.get("type"), list):
            yield step(site.pointer, "type"), "a list of types is read from 3.1 on; use nullable or anyOf"
        for name in ("exclusiveMinimum", "exclusiveMaximum"):
            if name in site.schema and isinstance(site.schema[name], bool) is is_new:
                yield step(site.pointer, name), f"{name} is written as in another version of OpenAPI"


def _one_way(subject: Subject) -> Found:
    for site in subject.schemas:
        if site.schema.get("readOnly") is True and site.schema.get("writeOnly") is True:
            yield site.pointer, "what is both readOnly and writeOnly is never sent"


def _doubled(subject: Subject) -> Found:
    for site in subject.schemas:
        for keyword in ("oneOf", "anyOf"):
            seen: set[str] = set()
            for index, one in enumerate(listed(site.schema.get(keyword))):
                text = canonical(one)
                if text in seen:
                    yield step(site.pointer, keyword, index), "the branch stands in the list already"
                seen.add(text)


RULES = (
    LintRule(
        "GR252",
        "fragment-invalid",
        "A keyword of a schema has a value that it cannot have",
        "The keyword is ignored, by this tool and most others, so what it was meant to forbid is let through.",
        "Give the keyword a value of its kind.",
        _mistyped,
        document("{type: object, required: true}"),
        document("{type: object, required: [a], properties: {a: {}}}"),
    ),
    LintRule(
        "GR253",
        "keyword-says-nothing",
        "A keyword says nothing about the schema's type",
        "The bound was meant for another type, and bounds nothing.",
        "Use the keyword of the type, or mend the type.",
        _idle,
        document("{type: integer, maxLength: 3}"),
        document("{type: string, maxLength: 3}"),
    ),
    LintRule(
        "GR254",
        "required-undeclared",
        "A required property is not declared",
        "It must be there, and nobody says what it is; most often it is misspelt.",
        "Declare the property, or drop it from `required`.",
        _undeclared,
        document("{type: object, required: [b], properties: {a: {type: boolean}}}"),
        document("{type: object, required: [a], properties: {a: {type: boolean}}}"),
    ),
    LintRule(
        "GR255",
        "pattern-unreadable",
        "A pattern cannot be read",
        "It is ignored, or every value is refused, depending on the tool.",
        "Mend the regular expression (ECMA-262).",
        _unreadable,
        document("{type: string, pattern: '['}"),
        document("{type: string, pattern: '^[a-z]+$'}"),
    ),
    LintRule(
        "GR256",
        "pattern-explodes",
        "A pattern repeats a repetition",
        "A backtracking engine takes exponential time on a string that almost matches.",
        "Write the pattern with one repetition.",
        _explosive,
        document("{type: string, pattern: '^(a+)+$'}"),
        document("{type: string, pattern: '^(ab)+$'}"),
    ),
    LintRule(
        "GR257",
        "list-unbounded",
        "A client may send a list of any length",
        "One request can then use all memory.",
        "Give the list `maxItems`.",
        _unbounded,
        document("{type: array, items: {type: boolean}}"),
        document("{type: array, items: {type: boolean}, maxItems: 100}"),
    ),
    LintRule(
        "GR258",
        "string-unbounded",
        "A client may send a string of any length",
        "One request can then use all memory, and what stores it cuts it off.",
        "Give the string `maxLength`, an `enum`, a `format` or a `pattern`.",
        _endless,
        document("{type: string}"),
        document("{type: string, maxLength: 100}"),
    ),
    LintRule(
        "GR259",
        "integer-unbounded",
        "A client may send an integer that no machine word holds",
        "Databases and other languages fail on it, most often as a server error.",
        "Give the integer a `maximum` or a `format`.",
        _huge,
        document("{type: integer}"),
        document("{type: integer, format: int32}"),
    ),
    LintRule(
        "GR260",
        "items-missing",
        "What a list holds is not said",
        "Generated clients hold lists of anything.",
        "Give the list `items`.",
        _itemless,
        document("{type: array, maxItems: 3}"),
        document("{type: array, maxItems: 3, items: {type: boolean}}"),
    ),
    LintRule(
        "GR261",
        "reference-leads-nowhere",
        "A reference leads nowhere, to a host, or out of the document's tree",
        "What stands there is not judged. Nothing is ever fetched.",
        "Define what is referred to, or put its file beside the document.",
        _dangling,
        document("{$ref: '#/components/schemas/T'}"),
        document("{type: boolean}"),
    ),
    LintRule(
        "GR262",
        "discriminator-leads-nowhere",
        "A value of a discriminator leads nowhere",
        "A message with that value cannot be read.",
        "Name a schema of the document.",
        _mapped,
        document("{oneOf: [{type: object}], discriminator: {propertyName: k, mapping: {a: None}}}"),
        document("{oneOf: [{type: object}], discriminator: {propertyName: k, mapping: {a: S}}}"),
    ),
    LintRule(
        "GR263",
        "discriminator-optional",
        "A branch does not require its discriminator",
        "A message without it cannot be told apart.",
        "Require the property in every branch.",
        _untold,
        document("{oneOf: [{properties: {k: {}}}], discriminator: {propertyName: k}}"),
        document("{oneOf: [{required: [k], properties: {k: {}}}], discriminator: {propertyName: k}}"),
    ),
    LintRule(
        "GR264",
        "keyword-of-another-version",
        "A keyword is written as in another version of OpenAPI",
        "It is ignored: a value that was to be null is refused, a bound is not kept.",
        "Write it as the document's own version does.",
        _old_words,
        document("{type: boolean, nullable: true}"),
        document("{type: [boolean, 'null']}"),
    ),
    LintRule(
        "GR265",
        "property-never-sent",
        "A property is both readOnly and writeOnly",
        "It is left out of requests and of answers.",
        "Keep one of the two.",
        _one_way,
        document("{properties: {a: {type: boolean, readOnly: true, writeOnly: true}}}"),
        document("{properties: {a: {type: boolean, readOnly: true}}}"),
    ),
    LintRule(
        "GR266",
        "branch-repeated",
        "A branch stands twice in a choice",
        "Under oneOf nothing fits it any more, for it would fit twice.",
        "Drop one of the two.",
        _doubled,
        document("{oneOf: [{type: boolean}, {type: boolean}]}"),
        document("{oneOf: [{type: boolean}, {type: 'null'}]}"),
    ),
)
