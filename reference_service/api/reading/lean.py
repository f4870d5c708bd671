"""Reads a ranking request in a tenth of the time that its model takes, and never accepts what the model refuses.

The types are derived from the models' own JSON schema, so there is one definition of a request. Of a list of
candidates it makes no objects where each is written as encoders write them: then it is known by its bytes. Whatever
is not plainly right is left to the model, which knows how to say what is wrong with it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from types import GenericAlias, NoneType
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from pydantic import BaseModel

from reference_service.api.reading.spelling import Spelling
from reference_service.api.requests import Candidate, CardsRequest, Context, UpNextRequest
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
GLANCE_BYTES = 64
"""How much of a list of candidates is looked at for one that is to be shown: one and a half of them."""
LOOKED_UP = frozenset({"Candidate", "Context"})
"""Whose ids are not matched when they are read: an id that exists is right, and most do."""
SPACES = (b"", b" ")
"""What encoders write after a colon and after a comma."""
SEPARATORS = (b",", b", ")
"""What they write between two candidates, without spaces and with them."""
CANDIDATES = b'"candidates"'
OPENING = CANDIDATES + b":["
"""How most encoders begin the list."""

_id_of = attrgetter("id")
_OPENING = re.compile(CANDIDATES + rb"\s*:\s*\[")

# Any: JSON, and types that are made at run time.
Schema = Mapping[str, Any]

Body = tuple[nouns.Surface, bytes, int]
"""A request's surface, and bytes in which its body begins at a place."""

CODE_OF: Mapping[nouns.Source, int] = {source: code for code, source in enumerate(nouns.SOURCES)}
SOURCE_BITS = len(nouns.SOURCES).bit_length()
SOURCE_MASK = 2**SOURCE_BITS - 1
FIRST = np.ones(1, np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a request asks.

    rows     those of the candidates that exist, ascending, in the catalogue
    sources  by row, the index in SOURCES of who proposed it: of several the first by name
    unknown  the ids that do not exist, ascending
    whole    whether these are all candidates, and not only the first of them
    """

    context: nouns.Context
    rows: nouns.IntArray
    sources: nouns.IntArray
    unknown: tuple[str, ...]
    limit: int
    whole: bool = True


@dataclass(slots=True, eq=False)
class Glimpse:
    """What a request asks, for whoever has no time: `context` has the fields of a Context, `rows` are distinct.

    whole  whether these are all candidates, and not only the first of them
    """

    # Any: a Context, or what a body says of one.
    context: Any
    rows: Sequence[int]
    unknown: tuple[str, ...]
    limit: int
    whole: bool


def asked_of(request: CardsRequest | UpNextRequest, known: Mapping[str, int]) -> Asked:
    """Return what this valid request asks."""
    candidates = [(one.id, one.source) for one in request.candidates]
    return asked(request.context.noun(), candidates, request.limit, known)


def asked(
    context: nouns.Context,
    candidates: Iterable[nouns.Candidate],
    limit: int,
    known: Mapping[str, int],
    *,
    whole: bool = True,
) -> Asked:
    """Return what is asked of these candidates, in whatever order and however often each."""
    codes, unknown = list[int](), set[str]()
    for name, source in candidates:
        row = known.get(name)
        if row is None:
            unknown.add(name)
        else:
            codes.append(code_of(row, source))
    return asked_by_code(context, np.array(codes, np.int64), limit, tuple(sorted(unknown)), whole=whole)


def code_of(row: int, source: nouns.Source) -> int:
    """Return one number for a row and its source, which orders by row first."""
    return row << SOURCE_BITS | CODE_OF[source]


def asked_by_code(
    context: nouns.Context, codes: nouns.IntArray, limit: int, unknown: tuple[str, ...] = (), *, whole: bool
) -> Asked:
    """Return what is asked of what `code_of` says of each candidate; sorts `codes` in place."""
    codes.sort()
    rows = codes >> SOURCE_BITS
    repeats = rows[1:] == rows[:-1]
    if repeats.any():
        is_first = np.concatenate((FIRST, ~repeats))
        codes, rows = codes[is_first], rows[is_first]
    return Asked(context, rows, codes & SOURCE_MASK, unknown, limit, whole)


@dataclass(slots=True, eq=False)
class _Opened:
    """A request whose candidates were not read: they stand between these places, without their brackets.

    separator  what stands between two of them, if they are written as encoders write them
    """

    context: Any
    limit: int
    start: int
    end: int
    separator: bytes


class Reader:
    """Reads bodies; every id of `known` is valid."""

    def __init__(self, known: Mapping[str, int]) -> None:
        self._known = known
        types = {surface: _Types(model) for surface, model in MODELS.items()}
        self._decoders = {surface: msgspec.json.Decoder(made.request) for surface, made in types.items()}
        self._openers = {surface: msgspec.json.Decoder(made.opened) for surface, made in types.items()}
        self._most = {surface: made.most for surface, made in types.items()}
        self._candidates = msgspec.json.Decoder(GenericAlias(list, (types["cards"].candidate,)))
        self._ids = types["cards"].ids
        self._listed = Spelling(_spelt(known))

    def read(self, surface: nouns.Surface, body: bytes, at: int = 0) -> Asked | None:
        """Return what this body asks, which begins at `at`, or None if it is not plainly a valid request."""
        opened = self._opened(surface, body, at)
        if opened is not None:
            codes = self._listed.codes(body, opened.start, opened.end, opened.separator, self._most[surface])
            if codes is not None:
                return asked_by_code(Context.noun(opened.context), codes, opened.limit, whole=True)
        try:
            request: Any = self._decoders[surface].decode(body[at:])
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return None
        return self._asked(request.context, request.candidates, request.limit, whole=True)

    def glances(self, asked: Sequence[Body], each: int = GLANCE_BYTES) -> list[Glimpse | None]:
        """Return what each body asks with some more candidates than it wants shown, or None if these or the
        rest of it are not plainly valid. Of its candidates `each` bytes are looked at for one shown.

        At the other candidates nobody looks: to find the end of a list takes as long as to rank what is popular.
        """
        opened = [self._opened(*body) for body in asked]
        return [
            _glimpse(self.read(*body))
            if head is None or head.end - head.start <= each * head.limit
            else self._glance(head, body, each)
            for head, body in zip(opened, asked, strict=True)
        ]

    def _glance(self, opened: _Opened, asked: Body, each: int) -> Glimpse | None:
        head = asked[1][opened.start - 1 : opened.start + each * opened.limit]
        try:
            # The last one may be cut in two.
            some = self._candidates.decode(head[: max(head.rfind(b"}"), 0) + 1] + b"]")
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return _glimpse(self.read(*asked))
        known, unknown = self._known, tuple[str, ...]()
        try:
            rows = {*map(known.__getitem__, map(_id_of, some))}
        except KeyError:
            rows = {known[one.id] for one in some if one.id in known}
            unknown = tuple(sorted({one.id for one in some if one.id not in known}))
            if not self._ids.fit(unknown):
                return None
        return Glimpse(opened.context, [*rows], unknown, opened.limit, whole=False)

    def _opened(self, surface: nouns.Surface, body: bytes, at: int) -> _Opened | None:
        """Return this request without its candidates, or None if it is not plainly one but for them."""
        start = body.find(OPENING, at) + len(OPENING)
        if start < len(OPENING):
            found = _OPENING.search(body, at)
            start = 0 if found is None else found.end()
        end = body.find(b"]", start)
        if start == 0 or end < 0:
            return None
        rest = body[at:start] + body[end:]
        # Without a backslash a name is written in one way: there is no second list that would be the one to take.
        if body[start : start + 1] != b"{" or b"\\" in rest or rest.count(CANDIDATES) != 1:
            return None
        if body[end - 1 : end] != b"}":
            return None
        try:
            request: Any = self._openers[surface].decode(rest)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return None
        if not self._ids.fit(self._strange(request.context)):
            return None
        separator = SEPARATORS[b": " in body[start : start + 8]]
        return _Opened(request.context, request.limit, start, end, separator)

    def _asked(self, context: Any, candidates: list[Any], limit: int, *, whole: bool) -> Asked | None:
        read = asked(
            Context.noun(context),
            [(one.id, one.source) for one in candidates],
            limit,
            self._known,
            whole=whole,
        )
        return read if self._ids.fit([*self._strange(context), *read.unknown]) else None

    def _strange(self, context: Any) -> list[str]:
        """Return all that this context names and the catalogue does not hold: what it holds is an id."""
        ids, known = self._ids, self._known
        texts = [getattr(context, field) for field in ids.fields]
        for field in ids.lists:
            texts += getattr(context, field)
        return [text for text in texts if text is not None and text not in known]


def _glimpse(asked: Asked | None) -> Glimpse | None:
    if asked is None:
        return None
    return Glimpse(asked.context, asked.rows.tolist(), asked.unknown, asked.limit, asked.whole)


def _spelt(known: Mapping[str, int]) -> Mapping[bytes, int]:
    """Return the code of each candidate that exists by how encoders write it and what follows it in a list."""
    unsaid: nouns.Source = Candidate.model_fields["source"].default
    spelt: dict[bytes, int] = {}
    for name, row in known.items():
        for space, separator in zip(SPACES, SEPARATORS, strict=True):
            one = b'{"id":%s"%s"' % (space, name.encode())
            spelt[b"%s}%s" % (one, separator)] = code_of(row, unsaid)
            for source in nouns.SOURCES:
                said = b'%s,%s"source":%s"%s"}%s' % (one, space, space, source.encode(), separator)
                spelt[said] = code_of(row, source)
    return spelt


class _Ids:
    """Which fields of a context hold ids that are not matched when they are read, and what fits."""

    def __init__(self) -> None:
        id_schema = Candidate.model_json_schema()["properties"]["id"]
        self.pattern: str = id_schema["pattern"]
        self._longest = int(id_schema["maxLength"])
        self._match = re.compile(_anchored(self.pattern)).match
        self.fields: list[str] = []
        self.lists: list[str] = []

    def fit(self, texts: Iterable[str]) -> bool:
        """Return whether all of these may be ids."""
        return all(len(text) <= self._longest and self._match(text) for text in texts)


class _Types:
    """The types of one request, by the names of its schema."""

    def __init__(self, model: type[BaseModel]) -> None:
        schema = model.model_json_schema()
        self._definitions: Schema = schema["$defs"]
        self._made: dict[str, Any] = {}
        self.ids = _Ids()
        self.most = int(schema["properties"]["candidates"]["maxItems"])
        self.request: Any = self._struct(model.__name__, schema)
        self.opened: Any = self._struct(model.__name__, schema, closed="candidates")
        self.candidate: Any = self._made["Candidate"]

    def _struct(self, name: str, schema: Schema, closed: str | None = None) -> Any:
        required = frozenset(schema["required"])
        fields = []
        for field, said in sorted(schema["properties"].items(), key=lambda one: one[0] not in required):
            matched = name not in LOOKED_UP or not self._is_looked_up(field, said, note=name == "Context")
            kind = msgspec.Raw if field == closed else self._type(said, matched=matched)
            fields.append((field, kind) if field in required else (field, kind, said["default"]))
        return msgspec.defstruct(name, fields, forbid_unknown_fields=True, gc=False)

    def _is_looked_up(self, field: str, said: Schema, *, note: bool) -> bool:
        """Return whether this field holds ids, and note it where it is a context's."""
        options = [said, *said.get("anyOf", ())]
        alone = any(one.get("pattern") == self.ids.pattern for one in options)
        listed = said.get("items", {}).get("pattern") == self.ids.pattern
        if note and alone:
            self.ids.fields.append(field)
        if note and listed:
            self.ids.lists.append(field)
        return alone or listed

    def _type(self, said: Schema, *, matched: bool = True) -> Any:
        if "$ref" in said:
            name = said["$ref"].rpartition("/")[2]
            if name not in self._made:
                self._made[name] = self._struct(name, self._definitions[name])
            return self._made[name]
        if "anyOf" in said:
            one, other = (self._type(option, matched=matched) for option in said["anyOf"])
            return one | other
        if "enum" in said:
            return Literal[tuple(said["enum"])]
        bounds = said.keys() - SAID
        if bounds - KEYWORDS.keys():
            raise ValueError(f"{sorted(bounds)}: no type is known for these bounds; add them to KEYWORDS")
        base: Any = SCALARS.get(said["type"]) or GenericAlias(
            list, (self._type(said["items"], matched=matched),)
        )
        unmatched = not matched and base is str
        limits = {} if unmatched else {KEYWORDS[word]: said[word] for word in bounds}
        if "pattern" in limits:
            limits["pattern"] = _anchored(limits["pattern"])
        return Annotated[base, msgspec.Meta(**limits)] if limits else base


def _anchored(pattern: str) -> str:
    # In Python `$` also matches before a final line feed; in JSON Schema it does not.
    return f"{pattern.removesuffix('$')}\\Z"
