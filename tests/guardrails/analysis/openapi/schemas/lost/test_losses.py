"""What generated clients lose where every message still gets through."""

import pytest

from guardrails.analysis.openapi.difference import Difference, Level, Promise, as_promised
from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import document, found, operation
from tests.guardrails.analysis.openapi.schemas.narrowed import STRING, WHOLE, array, shape

Schemas = dict[str, Json]
NAME = shape(name=STRING)
ALIKE: Schemas = {"Cat": NAME, "Dog": NAME, "Hen": NAME}


def choice(*names: str) -> Json:
    """Return a choice of definitions."""
    return {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}


def between(
    base: Json, head: Json, schemas: tuple[Schemas, Schemas] = (ALIKE, ALIKE), *, answer: bool = False
) -> list[Difference]:
    """Return what is worse than safe between two schemas of a body."""
    name = "answer" if answer else "body"
    one, other = (
        document(operation(**{name: schema}), components={"schemas": named})
        for schema, named in zip((base, head), schemas, strict=True)
    )
    return [one for one in found(one, other) if one.level is not Level.SAFE]


DISPLACED: dict[str, tuple[Json, Json]] = {
    "at the top": (choice("Cat", "Dog"), choice("Cat", "Hen")),
    "in a property": (shape(pet=choice("Cat", "Dog")), shape(pet=choice("Cat", "Hen"))),
    "in a list": (array(choice("Cat", "Dog")), array(choice("Hen", "Cat"))),
    "in a part": ({"allOf": [choice("Cat", "Dog")]}, {"allOf": [choice("Cat", "Hen")]}),
}


@pytest.mark.parametrize("name", DISPLACED)
def test_branch_that_gives_way_to_its_like_is_lost(name: str) -> None:
    (one,) = between(*DISPLACED[name])

    assert (one.level, one.rule) == (Level.BREAKING, "branch-gone")
    assert one.message.endswith("'Dog' is gone from the choice, and generated clients lose its class")
    assert between(*DISPLACED[name], answer=True) == []
    assert {kept.level for kept in as_promised([one], lambda _: Promise.TOLERANT)} == {Level.SAFE}


KEPT: dict[str, tuple[Json, Json]] = {
    "order": (choice("Cat", "Dog"), choice("Dog", "Cat")),
    "written in place": (choice("Cat", "Dog"), {"anyOf": [{"$ref": "#/components/schemas/Cat"}, NAME]}),
    "a choice within": (choice("Cat", "Dog"), choice("Cat", "Either")),
    "another branch": (choice("Cat"), choice("Cat", "Dog")),
}


@pytest.mark.parametrize("name", KEPT)
def test_branch_that_can_still_be_named_is_not_lost(name: str) -> None:
    schemas = {**ALIKE, "Either": choice("Dog", "Hen")}

    assert between(*KEPT[name], (schemas, schemas)) == []


def test_renamed_definition_is_not_lost() -> None:
    before: Schemas = {"Cat": NAME, "Dog": NAME}
    after: Schemas = {"Cat": NAME, "Hound": NAME}

    assert between(choice("Cat", "Dog"), choice("Cat", "Hound"), (before, after)) == []


def test_branch_that_takes_less_is_told_though_another_takes_it() -> None:
    both = choice("Dog", "Pet")
    wide: Schemas = {"Dog": shape("id", id=WHOLE), "Pet": NAME}
    narrow: Schemas = {"Dog": shape("id", id=STRING), "Pet": NAME}

    (one,) = between(both, both, (wide, narrow))
    (answered,) = between(both, both, (wide, narrow), answer=True)

    assert (one.level, one.rule) == (Level.BREAKING, "branch-narrowed")
    assert one.message.endswith("what is sent as 'Dog' no longer fits it, though another branch takes it")
    assert answered.rule == "branch-narrowed"
    assert as_promised([one], lambda _: Promise.TOLERANT)[0].level is Level.UNKNOWN


def test_branch_that_takes_more_is_not_told() -> None:
    both = choice("Dog", "Pet")
    narrow: Schemas = {"Dog": shape("id", id={"type": "integer", "maximum": 9}), "Pet": NAME}
    wide: Schemas = {"Dog": shape("id", id=WHOLE), "Pet": NAME}

    assert between(both, both, (narrow, wide)) == []


def text(name: str = "", **keywords: Json) -> Json:
    """Return the schema of text, of a format where one is named."""
    return {"type": "string", **({"format": name} if name else {}), **keywords}


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (text("hostname"), text("uuid")),
        (shape(at=text("hostname")), shape(at=text("uuid"))),
        (array(text("uri-reference")), array(text("uuid"))),
    ],
)
def test_format_of_another_type_is_told_to_readers_and_writers(base: Json, head: Json) -> None:
    (answered,) = between(base, head, answer=True)
    (sent,) = between(head, base)

    assert (answered.level, answered.rule) == (Level.BREAKING, "generated-type")
    assert (sent.level, sent.rule) == (Level.BREAKING, "generated-type")
    assert sent.message.rpartition("clients ")[2].startswith("have another type for ")


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ({"type": "integer", "format": "int32"}, {"type": "integer", "format": "int64"}),
        ({"type": "number", "format": "float"}, {"type": "number", "format": "double"}),
        (text("uuid"), text()),
        (text("ipv4"), text("uri-reference")),
        ({"type": "integer", "format": "int32"}, WHOLE),
    ],
)
def test_format_that_widens_or_goes_is_not_told(base: Json, head: Json) -> None:
    assert between(base, head) == []


def test_format_that_speaks_of_another_type_is_told() -> None:
    (one,) = between({"type": "integer", "format": "int32"}, {"type": "integer", "format": "uuid"})

    assert one.rule == "generated-type"
