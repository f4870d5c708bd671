"""Reads a ranking request in a seventh of the time that its model takes, and never accepts what the model refuses.

The types are derived from the models' own JSON schema, so there is one definition of a request. Whatever is not
plainly right is left to the model, which knows how to say what is wrong with it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import GenericAlias, NoneType
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel

from reference_service.api.requests import CardsRequest, Context, UpNextRequest
from reference_service.ranking import nouns

MODELS: Mapping[nouns.Surface, type[CardsRequest | UpNextRequest]] = {
    "cards": CardsRequest,
    "up_next": UpNextRequest,
}
KEYWORDS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "minimum": "ge",
    "maximum": "le",
    "pattern": "pattern",
}
SAID = frozenset({"type", "title", "description", "default", "items"})
SCALARS = {"string": str, "integer": int, "boolean": bool, "null": NoneType}
GLANCE_BYTES = 76
"""How much of a list of candidates is looked at for one that is to be shown: a bit less than two of them."""
LOOKED_UP = ("Candidate", "id")
"""A string whose pattern is not matched when it is read: an id that exists is right, and most do."""

_OPENING = re.compile(rb'"candidates"\s*:\s*\[')

# Any: JSON, and types that are made at run time.
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks; `rows` has the row of each candidate in the catalogue, or None.

    whole  whether these are all candidates, and not only the first of them
    """

    context: nouns.Context
    ids: Sequence[str]
    sources: Sequence[nouns.Source]
    rows: Sequence[int | None]
    limit: int
    whole: bool = True


def asked_of(request: CardsRequest | UpNextRequest, known: Mapping[str, int]) -> Asked:
    """Return what this valid request asks."""
    ids = [one.id for one in request.candidates]
    sources = [one.source for one in request.candidates]
    return Asked(request.context.noun(), ids, sources, list(map(known.get, ids)), request.limit)


class Reader:
    """Reads bodies; every id of `known` is valid."""

    def __init__(self, known: Mapping[str, int]) -> None:
        self._known = known
        types = {surface: _Types(model) for surface, model in MODELS.items()}
        self._decoders = {surface: msgspec.json.Decoder(made.request) for surface, made in types.items()}
        self._openers = {surface: msgspec.json.Decoder(made.opened) for surface, made in types.items()}
        self._candidates = msgspec.json.Decoder(GenericAlias(list, (types["cards"].candidate,)))
        schema = CardsRequest.model_json_schema()["$defs"][LOOKED_UP[0]]["properties"][LOOKED_UP[1]]
        self._pattern = re.compile(_anchored(schema["pattern"]))
        self._longest = int(schema["maxLength"])

    def read(self, surface: nouns.Surface, body: bytes) -> Asked | None:
        """Return what this body asks, or None if it is not plainly a valid request."""
        try:
            request: Any = self._decoders[surface].decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return None
        return self._asked(request.context, request.candidates, request.limit, whole=True)

    def glance(self, surface: nouns.Surface, body: bytes) -> Asked | None:
        """Return what this body asks with some more candidates than it wants shown, or None if these or the
        rest of it are not plainly valid.

        At the other candidates nobody looks: to find the end of a list takes as long as to rank what is popular.
        """
        found = _OPENING.search(body)
        if found is None:
            return self.read(surface, body)
        start, end = found.end() - 1, body.rfind(b"]") + 1
        try:
            request: Any = self._openers[surface].decode(b"%s[]%s" % (body[:start], body[end:]))
            longest = GLANCE_BYTES * request.limit
            if end - start <= longest:
                return self.read(surface, body)
            head = body[start : start + longest]
            some = self._candidates.decode(head[: head.rindex(b"}") + 1] + b"]")
        except msgspec.DecodeError:
            # Another list may have come last.
            return self.read(surface, body)
        except (RecursionError, ValueError):
            return None
        return self._asked(request.context, some, request.limit, whole=False)

    def _asked(self, context: Any, candidates: list[Any], limit: int, *, whole: bool) -> Asked | None:
        ids = [one.id for one in candidates]
        rows = list(map(self._known.get, ids))
        if None in rows and not all(
            len(name) <= self._longest and self._pattern.match(name)
            for name, row in zip(ids, rows, strict=True)
            if row is None
        ):
            return None
        return Asked(Context.noun(context), ids, [one.source for one in candidates], rows, limit, whole)


class _Types:
    """The types of one request, by the names of its schema."""

    def __init__(self, model: type[BaseModel]) -> None:
        schema = model.model_json_schema()
        self._definitions: Schema = schema["$defs"]
        self._made: dict[str, Any] = {}
        self.request: Any = self._struct(model.__name__, schema)
        self.opened: Any = self._struct(model.__name__, schema, closed="candidates")
        self.candidate: Any = self._made[LOOKED_UP[0]]

    def _struct(self, name: str, schema: Schema, closed: str | None = None) -> Any:
        required = frozenset(schema["required"])
        fields = [
            (field, msgspec.Raw if field == closed else self._type(said, checked=(name, field) != LOOKED_UP))
            if field in required
            else (field, self._type(said), said["default"])
            for field, said in sorted(schema["properties"].items(), key=lambda one: one[0] not in required)
        ]
        return msgspec.defstruct(name, fields, forbid_unknown_fields=True, gc=False)

    def _type(self, said: Schema, *, checked: bool = True) -> Any:
        if "$ref" in said:
            name = said["$ref"].rpartition("/")[2]
            if name not in self._made:
                self._made[name] = self._struct(name, self._definitions[name])
            return self._made[name]
        if "anyOf" in said:
            one, other = map(self._type, said["anyOf"])
            return one | other
        if "enum" in said:
            return Literal[tuple(said["enum"])]
        bounds = said.keys() - SAID
        if bounds - KEYWORDS.keys():
            raise ValueError(f"{sorted(bounds)}: no type is known for these bounds; add them to KEYWORDS")
        base: Any = SCALARS.get(said["type"]) or GenericAlias(list, (self._type(said["items"]),))
        limits = {KEYWORDS[word]: said[word] for word in bounds if checked}
        if "pattern" in limits:
            limits["pattern"] = _anchored(limits["pattern"])
        return Annotated[base, msgspec.Meta(**limits)] if limits else base


def _anchored(pattern: str) -> str:
    # In Python `$` also matches before a final line feed; in JSON Schema it does not.
    return f"{pattern.removesuffix('$')}\\Z"
