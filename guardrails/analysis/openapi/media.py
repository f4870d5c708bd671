"""Media types of a body, aligned between two documents, and the encoding of forms."""

from collections.abc import Iterator, Mapping

from guardrails.analysis.openapi.difference import Level, Proof
from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.operations import Parameter
from guardrails.analysis.openapi.schemas.sameness import SILENT
from guardrails.analysis.openapi.values import Json, members, texts

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def content_of(body: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """Return the media type objects of a body, a response or a header by media type in lower case."""
    return {name.lower().replace(" ", ""): members(one) for name, one in members(body.get("content")).items()}


def covering(name: str, others: Mapping[str, object]) -> str | None:
    """Return the entry of `others` that takes what `name` describes, the most precise one first."""
    if name in others:
        return name
    essence = name.partition(";")[0]
    same = [one for one in others if one.partition(";")[0] == essence and not _contradicts(name, one)]
    if same:
        return same[0]
    ranges = (f"{essence.partition('/')[0]}/*", "*/*")
    return next((one for one in ranges if one in others), None)


def covered(name: str, others: Mapping[str, object]) -> str | None:
    """Return the entry of `others` that lies within `name`, which may be a range."""
    if name in others:
        return name
    found = covering(name, {one: None for one in others if "*" not in one})
    if found is not None:
        return found
    kind, _, subtype = name.partition(";")[0].partition("/")
    if subtype == "*":
        return next((one for one in others if kind == "*" or one.startswith(f"{kind}/")), None)
    # RFC 6839: what ends in +json can be read by whoever reads json.
    return next((one for one in others if one.partition(";")[0].endswith(f"+{subtype}")), None)


def _contradicts(one: str, other: str) -> bool:
    """Whether two media types give the same parameter, as `version` or `charset`, unlike values."""
    first, second = _parameters(one), _parameters(other)
    return any(first[name] != second[name] for name in first.keys() & second.keys())


def _parameters(name: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in name.split(";")[1:])
    return {key: value.strip('"') for key, _, value in pairs}


def schema_of(media: Mapping[str, Json], name: str = "") -> Json:
    """Return the schema of a media type object, `{}` when it says nothing.

    What is no JSON, XML, YAML or form is text or bytes, whether a schema says so or not: OpenAPI 3.0 wrote
    a string of format `binary` where 3.1 writes nothing.
    """
    found = media.get("schema", media.get("itemSchema"))
    schema = found if isinstance(found, dict | bool) else _ANYTHING
    is_silent = schema is True or (isinstance(schema, dict) and schema.keys() <= _SAYING_NOTHING)
    return _TEXT if is_silent and _is_opaque(name) else schema


def _is_opaque(name: str) -> bool:
    essence = name.partition(";")[0]
    kind, _, subtype = essence.partition("/")
    if kind == "text":
        return subtype in {"plain", "csv", "html", "css", "markdown"}
    return essence in _BYTES or (kind in {"image", "audio", "video", "font"} and "+" not in subtype)


_ANYTHING: dict[str, Json] = {}
_TEXT: dict[str, Json] = {"type": "string"}
_BYTES = {f"application/{one}" for one in ("octet-stream", "pdf", "zip", "gzip")}
_SAYING_NOTHING = SILENT | {"format", "contentMediaType"}


def encodings(media: Mapping[str, Json], schema: Mapping[str, Json]) -> dict[str, Parameter]:
    """Return each declared property of a form as the parameter it is written like."""
    said = members(media.get("encoding"))
    return {
        name: Parameter(name, "query", {**members(said.get(name)), "schema": one}, "")
        for name, one in members(schema.get("properties")).items()
    }


def repacked(
    base: Parameter, head: Parameter, document: Document
) -> Iterator[tuple[Level, str, str, str, Proof | None]]:
    """Yield what a part of a form may no longer be, and the headers that it must have now."""
    label, place = f"form field {base.name!a}", f"form field {base.name}"
    taken = _content_types(head)
    said = _content_types(base)
    implied = {_implied(base.raw.get("schema"), document)} - {""} if taken and not said else set()
    for name in sorted(said | implied):
        if taken and covering(name, dict.fromkeys(taken)) is None:
            # Of bytes that are sent without a type a reader may take any.
            is_unsaid = name == _BINARY and name not in said
            level = Level.UNKNOWN if is_unsaid else Level.BREAKING
            proof = Proof(place, name, f"as {name}") if level is Level.BREAKING else None
            yield level, "form-content-type", f"{label} is no longer taken as {name}", "", proof
    had = {name.lower(): members(one) for name, one in members(base.raw.get("headers")).items()}
    for name, one in members(head.raw.get("headers")).items():
        needed = members(one).get("required") is True and name.lower() != "content-type"
        if needed and had.get(name.lower(), {}).get("required") is not True:
            message = f"{label} now needs the header {name!a}"
            yield Level.BREAKING, "form-header", message, "", Proof(place, None, f"{name} left out")


def _implied(raw: Json, document: Document, depth: int = 0) -> str:
    """Return the content type that a part has where none is named, empty where its schema does not tell."""
    schema = document.resolved(raw)
    kinds = set(texts([schema.get("type")]) or texts(schema.get("type"))) - {"null"}
    if kinds == {"array"}:
        return _implied(schema.get("items"), document, depth + 1) if depth < _DEEPEST else ""
    if kinds == {"string"} and schema.get("format") == "binary":
        return _BINARY
    if kinds == {"object"}:
        return "application/json"
    return "text/plain" if kinds and kinds <= _PLAIN else ""


_DEEPEST = 8
_BINARY = "application/octet-stream"
_PLAIN = {"string", "integer", "number", "boolean"}


def _content_types(parameter: Parameter) -> set[str]:
    """Return the content types that a part of a form may have, empty for the usual one."""
    found = parameter.raw.get("contentType")
    return {one.strip().lower() for one in found.split(",")} if isinstance(found, str) else set()
