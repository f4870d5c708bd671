"""Rules about what values a schema can have at all, and those that the document itself gives."""

from collections.abc import Iterator

from guardrails.analysis.openapi.lint.schemas import document
from guardrails.analysis.openapi.lint.subject import Found, LintRule, Site, Subject
from guardrails.analysis.openapi.media import content_of
from guardrails.analysis.openapi.schemas.normal import FALSE, UNSENT
from guardrails.analysis.openapi.schemas.shapes import Shape, TooManyShapes, shapes_of
from guardrails.analysis.openapi.values import Json, canonical, listed, members, step

_PAIRS = (
    ("string", "minLength", "maxLength"),
    ("array", "minItems", "maxItems"),
    ("object", "minProperties", "maxProperties"),
)


def _unsatisfiable(subject: Subject) -> Found:
    for site in subject.schemas:
        node = subject.universe.node(site.schema)
        if "$ref" in site.schema:
            continue  # it is said where it is written
        try:
            shapes = shapes_of(subject.universe, (node,))
        except (TooManyShapes, RecursionError):
            continue
        if all(map(_is_impossible, shapes)):
            yield site.pointer, "no value fits the schema"


def _is_impossible(shape: Shape) -> bool:
    if shape.is_empty():
        return True
    kinds = shape.types()
    if set(kinds) <= {"integer", "number"}:
        low, high = shape.low().value, shape.high().value
        return low is not None and high is not None and low > high
    for kind, least, most in _PAIRS:
        if kinds == (kind,) and shape.least(least) > shape.most(most):
            return True
    return kinds == ("object",) and any(
        part == FALSE for name in shape.required() for part in shape.of_name(name) if part is not UNSENT
    )


def _refuses(subject: Subject, schema: Json, value: Json) -> bool:
    """Whether the schema can be compiled and does not take the value."""
    node = subject.universe.node(schema)
    return subject.validators.can_judge((node,)) and not subject.validators.accepts((node,), value)


def _without(site: Site, *names: str) -> dict[str, Json]:
    return {name: one for name, one in site.schema.items() if name not in names}


def _impossible_values(subject: Subject) -> Found:
    for site in subject.schemas:
        rest = _without(site, "enum", "const")
        for index, value in enumerate(listed(site.schema.get("enum"))):
            is_null = value is None and site.schema.get("nullable") is True
            if not is_null and _refuses(subject, rest, value):
                yield step(site.pointer, "enum", index), "the schema itself refuses the enumerated value"


def _repeated(subject: Subject) -> Found:
    for site in subject.schemas:
        seen: set[str] = set()
        for index, value in enumerate(listed(site.schema.get("enum"))):
            if canonical(value) in seen:
                yield step(site.pointer, "enum", index), "the value stands in the list already"
            seen.add(canonical(value))


def _defaults(subject: Subject) -> Found:
    for site in subject.schemas:
        if "default" in site.schema and _refuses(subject, _without(site, "default"), site.schema["default"]):
            yield step(site.pointer, "default"), "the schema itself refuses its default"


def _examples(subject: Subject) -> Found:
    for pointer, schema, value in _shown(subject):
        if _refuses(subject, schema, value):
            yield pointer, "the schema refuses the example"


def _shown(subject: Subject) -> Iterator[tuple[str, Json, Json]]:
    for site in subject.schemas:
        if "example" in site.schema:
            yield step(site.pointer, "example"), _without(site, "example"), site.schema["example"]
        for index, one in enumerate(listed(site.schema.get("examples"))):
            yield step(site.pointer, "examples", index), _without(site, "examples"), one
    for operation in subject.operations:
        places = [(step(operation.pointer, "requestBody"), operation.body())]
        places += [
            (step(operation.pointer, "responses", key), body) for key, body in operation.responses().items()
        ]
        for pointer, body in places:
            for name, media in content_of(body).items():
                if "json" in name:
                    yield from _of_media(subject, step(pointer, "content", name), media)
        for parameter in operation.parameters().values():
            if "schema" in parameter.raw:
                yield from _of_media(subject, parameter.pointer, parameter.raw)


def _of_media(subject: Subject, pointer: str, media: dict[str, Json]) -> Iterator[tuple[str, Json, Json]]:
    schema = media.get("schema", {})
    if "example" in media:
        yield step(pointer, "example"), schema, media["example"]
    for name, raw in members(media.get("examples")).items():
        found = subject.document.resolved(raw)
        if "value" in found:
            yield step(pointer, "examples", name), schema, found["value"]


def _all_given(subject: Subject) -> Found:
    yield from _impossible_values(subject)
    yield from _defaults(subject)
    yield from _examples(subject)


RULES = (
    LintRule(
        "GR267",
        "schema-unsatisfiable",
        "No value fits a schema",
        "Every message is refused, or the part can never be there.",
        "Mend the bounds that exclude each other.",
        _unsatisfiable,
        document("{type: integer, minimum: 5, maximum: 4}"),
        document("{type: integer, minimum: 4, maximum: 5}"),
    ),
    LintRule(
        "GR268",
        "value-impossible",
        "A schema refuses a value that it enumerates, gives as default or shows as an example",
        "Who copies it sends what is refused, and a default that does not fit fails far from here.",
        "Mend the value or the schema.",
        _all_given,
        document("{type: integer, format: int32, default: a}"),
        document("{type: integer, format: int32, default: 3, enum: [3, 4], example: 4}"),
    ),
    LintRule(
        "GR269",
        "enumeration-repeats",
        "A value is enumerated twice",
        "Generated clients define one constant twice and do not compile.",
        "Drop one of the two.",
        _repeated,
        document("{enum: [a, b, a]}"),
        document("{enum: [a, b]}"),
    ),
)
