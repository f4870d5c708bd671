"""Requests to one operation, made from its document: each differs from a plain one in one part, or in all."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice
from urllib.parse import quote

from guardrails.analysis.openapi.media import content_of, schema_of
from guardrails.analysis.openapi.operations import Operation, Parameter
from guardrails.analysis.openapi.parameters import serialised
from guardrails.analysis.openapi.values import Json, canonical
from guardrails.gates.contract.replay.values import Values, in_turn
from guardrails.model.frozen import frozen
from guardrails.model.ports import Request

_FORM = "application/x-www-form-urlencoded"
_UNSENT = object()
_FAR = 1_000  # another combination of the same values
_LETTERS = 0x20, 0x7E
_SIZES = ("limit", "size", "page_size", "pagesize", "per_page", "perpage", "first", "top", "count", "max")
Part = tuple[str, str]


@frozen
class Draft:
    """The parts of one request, by place and name; a part that is not there is not sent.

    `about` says what the document forbids in it, where it surely does.
    """

    parts: Mapping[Part, Json]
    raw: bytes | None = None
    about: str = ""


class Maker:
    """Makes the requests of one operation; `fixed` headers go with each of them."""

    def __init__(self, operation: Operation, values: Values, fixed: Mapping[str, str]) -> None:
        self.operation = operation
        self._values = values
        self._fixed = dict(fixed)
        self._parameters: dict[Part, Parameter] = {
            (one.place, one.name): one for one in operation.parameters().values()
        }
        contents = content_of(operation.body())
        self._media = next((name for name in contents if "json" in name), next(iter(contents), ""))
        self._schemas: dict[Part, Json] = {
            key: values.of_header(one.name, one.raw.get("schema", {"type": "string"}))
            if one.place == "header"
            else one.raw.get("schema", {"type": "string"})
            for key, one in self._parameters.items()
        }
        if self._media:
            self._schemas[("body", "")] = schema_of(contents[self._media])

    @property
    def schemas(self) -> Mapping[Part, Json]:
        """The schema of each part: parameters by place and name, the body as `("body", "")`."""
        return self._schemas

    def plain(self) -> Draft:
        """Return the draft with one plain value in every part."""
        return Draft({key: self._values.plain(schema) for key, schema in self._schemas.items()})

    def drafts(self, chance: random.Random) -> Iterator[Draft]:
        """Yield drafts without end: the plain one, one part changed in each, then all parts mixed."""
        plain, bare = self.plain(), self.bare()
        yield plain
        yield bare
        for key, schema in self._schemas.items():
            yield from (Draft({**bare.parts, key: value}) for value in self._values.emptied(schema))
        # Beside the plain one of every other part a change shows less: page 3 holds nothing, however long a page is.
        columns = [
            [Draft({**bare.parts, key: value}) for value in self._values.around(schema)]
            for key, schema in self._schemas.items()
        ]
        columns += [
            [Draft({one: value for one, value in plain.parts.items() if one != key})] for key in plain.parts
        ]
        if self._media:
            columns.append([Draft(bare.parts, b"{"), Draft(bare.parts, b""), Draft(bare.parts, b"\xff")])
        singles, beyond = in_turn(columns), self._beyond(plain)
        for turn in count(1):
            yield self._swept(2 * turn - 1)
            yield from islice(singles, 1)
            yield self._swept(2 * turn)
            yield from islice(beyond, 1)
            yield from islice(singles, 1)
            yield self._swept(turn + _FAR)
            yield from islice(beyond, 1)
            yield self.mixed(chance)

    def bare(self) -> Draft:
        """Return the draft with plain values in the parts that must be there."""
        plain = self.plain()
        return Draft({key: one for key, one in plain.parts.items() if self._is_needed(key)})

    def small(self) -> Draft:
        """Return the bare draft that asks for few items at once, where the operation can be asked so."""
        sizes = [key for key in self._schemas if key[0] == "query" and key[1].lower() in _SIZES]
        return Draft({**self.bare().parts, **dict.fromkeys(sizes, 2)})

    def echoes(self, texts: Sequence[str]) -> Iterator[Draft]:
        """Yield drafts that ask for texts: in every part of the query that takes any text.

        Each stands alone and beside one other part, so that a search meets a filter and an order.
        """
        free = [
            key for key, schema in self._schemas.items() if key[0] == "query" and self._values.is_text(schema)
        ]
        others = [key for key in self._schemas if not self._is_needed(key)]
        choices = [key for key in others if self._values.is_choice(self._schemas[key])]
        bare = self.bare().parts
        for turn, text in enumerate(texts):
            for key in free:
                yield Draft({**bare, key: text})
                turned = others[turn % len(others)] if others else key
                for beside in dict.fromkeys((*choices, turned)):
                    if beside != key:
                        yield Draft({**bare, key: text, beside: self.part(beside, turn // len(others))})

    def part(self, key: Part, turn: int) -> Json:
        """Return the value of one part at some turn."""
        return self._values.swept(self._schemas[key], turn)

    def _swept(self, turn: int) -> Draft:
        return Draft(
            {
                key: self._values.swept(schema, turn + index * (turn // 3))
                for index, (key, schema) in enumerate(self._schemas.items())
                if self._is_needed(key) or (turn + index) % 3
            }
        )

    def _beyond(self, plain: Draft) -> Iterator[Draft]:
        for key, schema in self._schemas.items():
            for value, about in self._values.beyond(schema):
                yield Draft({**plain.parts, key: value}, about=about)

    def mixed(self, chance: random.Random) -> Draft:
        """Return a draft with every part drawn among its allowed values."""
        return Draft(
            {
                key: self._values.mixed(schema, chance)
                for key, schema in self._schemas.items()
                if self._is_needed(key) or chance.random() < 0.6  # noqa: PLR2004 - more often sent than not
            }
        )

    def _is_needed(self, key: Part) -> bool:
        if key[0] == "body":
            return True
        return self._parameters[key].is_required

    def request(self, draft: Draft) -> Request | None:
        """Return the draft as it goes over the wire, None where HTTP cannot carry it."""
        path, query = self.operation.path, []
        headers = {name.lower(): value for name, value in self._fixed.items()}
        cookies = []
        for (place, name), value in draft.parts.items():
            if place == "body":
                continue
            text = serialised(self._parameters[(place, name)], value)
            if place == "path":
                path = path.replace(f"{{{name}}}", quote(text.partition("=")[2], safe=""))
            elif place == "query":
                query += (
                    [_encoded(pair) for pair in text.split("&")]
                    if isinstance(value, list)
                    else [_encoded(text)]
                )
            elif place == "header":
                headers[name.lower()] = text.partition("=")[2]
            else:
                cookies.append(text)
        if cookies:
            headers["cookie"] = "; ".join(cookies)
        body = self._body(draft, headers)
        if not all(_is_sendable(value) for value in headers.values()) or "{" in path:
            return None
        target = quote(path, safe="/%:@!$&'()*+,;=~") + ("?" + "&".join(query) if query else "")
        return Request(self.operation.method.upper(), target, tuple(sorted(headers.items())), body)

    def _body(self, draft: Draft, headers: dict[str, str]) -> bytes:
        value = draft.parts.get(("body", ""), _UNSENT)
        if not self._media or (value is _UNSENT and draft.raw is None):
            return b""
        headers["content-type"] = self._media
        if draft.raw is not None:
            return draft.raw
        if self._media == _FORM and isinstance(value, dict):
            return "&".join(f"{quote(key)}={quote(_text(one))}" for key, one in value.items()).encode()
        if "json" not in self._media:
            return _text(value).encode("utf-8", "surrogatepass")
        return canonical_of(value)


def canonical_of(value: object) -> bytes:
    """Return the value as JSON bytes, keys in their own order."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _text(value: object) -> str:
    return value if isinstance(value, str) else canonical(value)  # type: ignore[arg-type]  # decoded JSON


def _encoded(pair: str) -> str:
    name, _, value = pair.partition("=")
    return f"{quote(name, safe='[]')}={quote(value, safe=',:')}"


def _is_sendable(value: str) -> bool:
    return all(_LETTERS[0] <= ord(letter) <= _LETTERS[1] for letter in value) and value == value.strip()
