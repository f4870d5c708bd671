"""Kinds that a discriminator tells apart, where each of them says what it is by `allOf`."""

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.operations.builders import STRING, WHOLE, Pairs
from tests.guardrails.analysis.openapi.pairs import Object, document, operation

_PET: Json = {"$ref": "#/components/schemas/Pet"}
_CAT = "#/components/schemas/Cat"


def kinds(
    *needed: str,
    mapping: dict[str, str] | None = None,
    tag: str = "kind",
    answers: bool = False,
    **more: Json,
) -> Object:
    """Return a document of pets, told apart by a tag, whose cats need what is `needed`."""
    said: Object = {"propertyName": tag}
    if mapping is not None:
        said["mapping"] = dict[str, Json](mapping)
    pet: Json = {
        "type": "object",
        "properties": {"kind": STRING, "sort": STRING},
        "required": ["kind", "sort"],
        "discriminator": said,
    }
    lives: Json = {
        "type": "object",
        "properties": {"lives": WHOLE, "name": STRING},
        "required": list[Json](needed),
    }
    schemas: Json = {"Pet": pet, "Cat": {"allOf": [_PET, lives]}, **more}
    own = operation(answer=_PET) if answers else operation(body=_PET)
    return document(own, components={"schemas": schemas})


KINDS: Pairs = {
    "kind by another property": (kinds(), kinds(tag="sort"), "unknown"),
    "kind by another value": (kinds(mapping={"cat": _CAT}), kinds(mapping={"kitty": _CAT}), "unknown"),
    "kind answered by another value": (
        kinds(mapping={"cat": _CAT}, answers=True),
        kinds(mapping={"kitty": _CAT}, answers=True),
        "unknown",
    ),
    "kind named as it was implied": (kinds(), kinds(mapping={"Cat": _CAT}), "kept"),
    "kind named and referred to": (kinds(mapping={"cat": "Cat"}), kinds(mapping={"cat": _CAT}), "kept"),
    "kind that is new": (
        kinds(),
        kinds(Dog={"allOf": [_PET, {"type": "object", "properties": {"barks": STRING}}]}),
        "kept",
    ),
    "kind that is new in answers": (
        kinds(answers=True),
        kinds(answers=True, Dog={"allOf": [_PET, {"type": "object", "properties": {"barks": STRING}}]}),
        "unknown",
    ),
    "kind that takes more": (kinds("name"), kinds(), "kept"),
    "kind that answers more": (kinds(answers=True), kinds("name", answers=True), "kept"),
}
_LONE: Object = {"type": "object", "properties": {"kind": STRING, "sort": STRING, "lives": WHOLE}}
PRESUMED_KINDS: Pairs = {
    "kind of a mapping alone takes less": (
        kinds(mapping={"cat": "#/components/schemas/Lone"}, Lone=_LONE),
        kinds(mapping={"cat": "#/components/schemas/Lone"}, Lone={**_LONE, "required": ["lives"]}),
        "breaking",
    ),
    "kind of a mapping by name takes less": (
        kinds(mapping={"cat": "Lone"}, Lone=_LONE),
        kinds(mapping={"cat": "Lone"}, Lone={**_LONE, "required": ["lives"]}),
        "breaking",
    ),
    "kind that takes less": (kinds(), kinds("name"), "breaking"),
    "kind below a kind takes less": (
        kinds(Lion={"allOf": [{"$ref": _CAT}, {"properties": {"roars": STRING}}]}),
        kinds(Lion={"allOf": [{"$ref": _CAT}, {"required": ["roars"]}]}),
        "breaking",
    ),
    "kind that answers less": (kinds("lives", answers=True), kinds(answers=True), "breaking"),
}
