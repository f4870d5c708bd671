"""Values that make a service show what it does: plain ones, ones at boundaries, and mixtures of both.

They are made from the document alone and by plain code, because a commit hook has no second to
load a generator. `words` are literals of the changed code, which a document never names.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from guardrails.analysis.openapi.documents import Document
from guardrails.analysis.openapi.schemas.patterns import samples
from guardrails.analysis.openapi.values import Json, Node, count, distinct, listed, members, number, texts
from guardrails.gates.contract.replay.samples import BROKEN, FORMATS, HUGE, LANGUAGES, TEXTS, WHOLE, WRONG

ValueT = TypeVar("ValueT")

_DEEPEST = 6
_LONGEST_TEXT = 4096
_LONGEST_LIST = 120
_LONGEST_WORD = 300
_HOURS = 24
_MOST_WORDS = 10
_MOST_EMPTIED = 6
_ANY_MOMENT = 0.6


class Values:
    """Makes the values of one document's schemas."""

    def __init__(self, document: Document, words: Sequence[Json] = ()) -> None:
        self._document = document
        known = [one for one in words if isinstance(one, str)]
        cased = [other for one in known[:3] for other in (one.lower(), one.upper())]
        self._texts = tuple(dict.fromkeys([*known[:3], *cased, *known[3:]]))
        self._numbers = tuple(number(one) for one in words if number(one) is not None)
        self._columns: dict[int, tuple[Json, list[Json]]] = {}
        self._small = [one for one in self._numbers if isinstance(one, int) and 0 <= one <= _LONGEST_WORD][
            :12
        ]

    def plain(self, schema: Json, depth: int = 0) -> Json:
        """Return one value that the schema most likely allows, the same one each time."""
        return next(iter(self._allowed(self._node(schema), depth)), None)

    def around(self, schema: Json, depth: int = 0) -> list[Json]:
        """Return values around the plain one, each with one thing changed, forbidden ones last."""
        node = self._node(schema)
        return distinct([*self._allowed(node, depth), *self._forbidden(node, depth)])

    def swept(self, schema: Json, turn: int, depth: int = 0) -> Json:
        """Return a value with every part at its next allowed value, so that few turns show all of them."""
        node = self._node(schema)
        properties = members(node.get("properties"))
        if _kind(node) == "object" and properties and depth <= _DEEPEST and not self._branches(node):
            needed = texts(node.get("required"))
            return {
                name: self.swept(one, turn + index * (turn // 3), depth + 1)
                for index, (name, one) in enumerate(properties.items())
                if name in needed or (turn + index) % 4
            }
        values = self._column(schema, node, depth)
        return values[turn % len(values)] if values else None

    def _column(self, schema: Json, node: Node, depth: int) -> list[Json]:
        key = id(schema)
        if key not in self._columns:
            self._columns[key] = (schema, distinct(list(self._allowed(node, depth))))
        return self._columns[key][1]

    def beyond(self, schema: Json, depth: int = 0) -> Iterator[tuple[Json, str]]:
        """Yield values one step past a bound that the schema draws, each with the name of the bound."""
        node = self._node(schema)
        if depth > _DEEPEST or self._branches(node) or _is_told(node):
            return
        kind = _kind(node)
        if kind == "object":
            properties = members(node.get("properties"))
            plain: dict[str, Json] = {name: self.plain(one, depth + 1) for name, one in properties.items()}
            for name, one in properties.items():
                for value, about in self.beyond(one, depth + 1):
                    yield {**plain, name: value}, f"{about} of {name}"
            for name in texts(node.get("required")):
                yield {key: one for key, one in plain.items() if key != name}, f"required {name} left out"
        elif kind in {"integer", "number"}:
            low, high = _bounds(node, 1)
            yield from [(low - 1, "below the minimum")] if low is not None else []
            yield from [(high + 1, "above the maximum")] if high is not None else []
        elif kind == "string":
            least, most = count(node.get("minLength")) or 0, count(node.get("maxLength"))
            yield from [("x" * (least - 1), "below minLength")] if least else []
            yield from (
                [("x" * (most + 1), "above maxLength")] if most is not None and most < _LONGEST_TEXT else []
            )
        elif kind == "array":
            most = count(node.get("maxItems"))
            inner = self.plain(node.get("items", {}), depth + 1)
            if most is not None and most < _LONGEST_LIST and node.get("uniqueItems") is not True:
                yield [inner] * (most + 1), "above maxItems"

    def is_text(self, schema: Json) -> bool:
        """Whether the schema takes any text."""
        nodes = [self._node(schema)]
        nodes += [self._node(one) for one in self._branches(nodes[0])]
        return any(
            _kind(one) == "string" and not {"enum", "const", "pattern", "format"} & one.keys()
            for one in nodes
        )

    def emptied(self, schema: Json) -> list[Json]:
        """Return objects with one member that may be null set so, the others plain."""
        made: list[Json] = []
        for name, one in members(self._node(schema).get("properties")).items():
            if None in islice(self._allowed(self._node(one), 1), 2):  # null stands early
                made.append({**self._plain_members(schema), name: None})
        return made[:_MOST_EMPTIED]

    def _plain_members(self, schema: Json) -> dict[str, Json]:
        properties = members(self._node(schema).get("properties"))
        return {name: self.plain(one, 1) for name, one in properties.items()}

    def of_header(self, name: str, schema: Json) -> Json:
        """Return the schema of a header with what clients send in one of its name as examples."""
        node = self._document.resolved(schema)
        if name.lower() != "accept-language" or _is_told(node):
            return schema
        known = [one for one in self._texts if len(one) == len("en") and one.isalpha() and one.islower()]
        codes = [*known, *LANGUAGES][: len(LANGUAGES)]
        forms = [form for one in codes for form in (f"{one},en;q=0.5", f"{one}-XX,{one};q=0.9", one)]
        most = count(node.get("maxLength"))
        return {**node, "examples": [one for one in forms if _fits(one, 0, most)]}

    def is_choice(self, schema: Json) -> bool:
        """Whether the schema names its values."""
        return _is_told(self._node(schema))

    def mixed(self, schema: Json, chance: random.Random, depth: int = 0) -> Json:
        """Return a value with every part drawn among those that are allowed."""
        node = self._node(schema)
        branches = self._branches(node)
        if branches:
            return self.mixed(chance.choice(branches), chance, depth + 1)
        kind = _kind(node)
        if depth > _DEEPEST or _is_told(node):
            return self._drawn(list(self._allowed(node, depth)), chance)
        if node.get("format") in {"date-time", "date"} and chance.random() < _ANY_MOMENT:
            return _moment(chance, str(node.get("format")))
        if kind == "object":
            return self._mixed_object(node, chance, depth)
        if kind == "array":
            least, most = count(node.get("minItems")) or 0, count(node.get("maxItems"))
            size = chance.choice([least, least + 1, least + 2, least + 3, least + 5, least + 8])
            size = size if most is None else min(size, most)
            found = [self.mixed(node.get("items", {}), chance, depth + 1) for _ in range(size)]
            return distinct(found) if node.get("uniqueItems") is True else found
        return self._drawn(list(self._allowed(node, depth)), chance)

    def _mixed_object(self, node: Node, chance: random.Random, depth: int) -> Json:
        needed = texts(node.get("required"))
        made: dict[str, Json] = {}
        for name, one in members(node.get("properties")).items():
            if name in needed or chance.random() < 0.7:  # noqa: PLR2004 - most optional parts are sent
                made[name] = self.mixed(one, chance, depth + 1)
        if isinstance(node.get("additionalProperties"), dict) and not made:
            made = {"one": self.mixed(node["additionalProperties"], chance, depth + 1)}
        return made

    @staticmethod
    def _drawn(values: list[Json], chance: random.Random) -> Json:
        if not values:
            return None
        # The first ones are those that clients send.
        return chance.choice(values[:8] if chance.random() < 0.75 else values)  # noqa: PLR2004 - three of four

    def _node(self, schema: Json) -> Node:
        node = self._document.resolved(schema)
        parts = [self._document.resolved(one) for one in listed(node.get("allOf"))]
        if not parts:
            return node
        merged: Node = {}
        for part in (*parts, {key: one for key, one in node.items() if key != "allOf"}):
            part = part if "allOf" not in part else self._node(part)  # noqa: PLW2901 - flattened
            properties = {**members(merged.get("properties")), **members(part.get("properties"))}
            required: list[Json] = [*listed(merged.get("required")), *listed(part.get("required"))]
            merged = {**merged, **part, "properties": properties, "required": required}
        return {key: one for key, one in merged.items() if one not in ({}, [])}

    def _branches(self, node: Node) -> list[Json]:
        return [*listed(node.get("anyOf")), *listed(node.get("oneOf"))]

    def _allowed(self, node: Node, depth: int) -> Iterator[Json]:
        told = _told(node)
        yield from told
        if depth > _DEEPEST or "const" in node or "enum" in node:
            return
        branches = self._branches(node)
        if branches:
            yield from in_turn([list(self._allowed(self._node(one), depth + 1)) for one in branches])
            return
        makers: dict[str, Callable[[Node, int], Iterator[Json]]] = {
            "object": self._objects,
            "array": self._arrays,
            "string": self._strings,
            "integer": self._integers,
            "number": self._numbers_of,
        }
        kind = _kind(node)
        columns = [list(makers[kind](node, depth))] if kind in makers else []
        columns += [[True, False]] if kind == "boolean" else []
        if kind in {"", "null"} or "null" in listed(node.get("type")) or node.get("nullable") is True:
            columns.append([None] if kind else ["Alpha", 1, None])
        yield from in_turn(columns)

    def _objects(self, node: Node, depth: int) -> Iterator[Json]:
        properties = members(node.get("properties"))
        needed = set(texts(node.get("required")))
        plain: dict[str, Json] = {name: self.plain(one, depth + 1) for name, one in properties.items()}
        yield plain
        yield {name: one for name, one in plain.items() if name in needed}
        for name in properties:
            if name not in needed:
                yield {key: one for key, one in plain.items() if key != name}
        yield from in_turn(
            [
                [{**plain, name: value} for value in self._allowed(self._node(one), depth + 1)]
                for name, one in properties.items()
            ]
        )
        extra = node.get("additionalProperties")
        if isinstance(extra, dict) or (extra is not False and not properties):
            inner = self.plain(extra, depth + 1) if isinstance(extra, dict) else "Alpha"
            yield {**plain, "Extra Key": inner}
            yield {**plain, "zeta": inner, "alpha": inner}

    def _arrays(self, node: Node, depth: int) -> Iterator[Json]:
        least, most = count(node.get("minItems")) or 0, count(node.get("maxItems"))
        top = _LONGEST_LIST if most is None else most
        unique = node.get("uniqueItems") is True
        inner = distinct(list(self._allowed(self._node(node.get("items", {})), depth + 1))[:24]) or [None]

        def fits(size: int) -> bool:
            return least <= size <= min(top, _LONGEST_LIST)

        several = inner[: max(least, min(3, top))]
        if fits(len(several)):
            yield several
            yield several[::-1]
        for size in {least, 1, 2, top}:
            if fits(size) and not unique:
                yield [inner[index % len(inner)] for index in range(size)]
        if fits(2) and not unique:
            yield [inner[0], inner[-1], inner[0]][: min(3, top)]
        if fits(1):
            yield from ([one] for one in inner[1:])

    def _strings(self, node: Node, depth: int) -> Iterator[Json]:
        del depth
        least = count(node.get("minLength")) or 0
        most = count(node.get("maxLength"))
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            matching = samples(pattern)
            yield from (one for one in matching if _fits(one, least, most))
            return
        known = FORMATS.get(str(node.get("format")))
        if known:
            yield from known
            if node.get("format") == "date-time":
                yield from (f"2026-01-30T{hour:02}:30:00Z" for hour in self._small if hour < _HOURS)
            return
        for text in (*TEXTS[:4], *self._texts[:_MOST_WORDS], *TEXTS[4:], *self._texts[_MOST_WORDS:]):
            sized = text if len(text) >= least else text + "x" * (least - len(text))
            if _fits(sized, least, most):
                yield sized
        for size in (*(one + shift for one in self._small for shift in (0, 1)), least, most or 0, 255):
            if 0 < size <= _LONGEST_TEXT and _fits("x" * size, least, most):
                yield "x" * size

    def _integers(self, node: Node, depth: int) -> Iterator[Json]:
        del depth
        low, high = _bounds(node, 1)
        edges = [one for one in (low, high) if one is not None]
        near: list[float | int] = [one + shift for shift in (0, 1, -1) for one in edges]
        known = [int(one) for one in self._numbers if one is not None]
        beside = [one + shift for one in known for shift in (1, -1)]
        whole = [int(one) for one in (3, *near, *known, *beside, *WHOLE, *HUGE[:2])]
        yield from (
            one
            for one in dict.fromkeys(whole)
            if (low is None or one >= low) and (high is None or one <= high) and _divides(node, one)
        )

    def _numbers_of(self, node: Node, depth: int) -> Iterator[Json]:
        low, high = _bounds(node, 0)
        for one in (2.5, *BROKEN):
            if (low is None or one >= low) and (high is None or one <= high) and _divides(node, one):
                yield one
        yield from self._integers(node, depth)

    def _forbidden(self, node: Node, depth: int) -> Iterator[Json]:
        kind = _kind(node)
        if kind == "object" and depth <= _DEEPEST:
            yield from self._spoiled(node, depth)
        if kind == "array" and depth <= _DEEPEST:
            inner = self.plain(node.get("items", {}), depth + 1)
            least, most = count(node.get("minItems")) or 0, count(node.get("maxItems"))
            yield from (
                [inner] * size for size in (least - 1, (most or -2) + 1) if 0 <= size <= _LONGEST_LIST
            )
            yield from ([one] for one in self._forbidden(self._node(node.get("items", {})), depth + 1))
        if kind == "string":
            least, most = count(node.get("minLength")) or 0, count(node.get("maxLength"))
            if least:
                yield "x" * (least - 1)
            if most is not None and most < _LONGEST_TEXT:
                yield "x" * (most + 1)
            yield "not one of them"
        if kind in {"integer", "number"}:
            low, high = _bounds(node, 1)
            yield from ([low - 1] if low is not None else [])
            yield from ([high + 1] if high is not None else [])
            yield from (*HUGE, 1.5, "7")
        yield from WRONG[:4]

    def _spoiled(self, node: Node, depth: int) -> Iterator[Json]:
        properties = members(node.get("properties"))
        plain: dict[str, Json] = {name: self.plain(one, depth + 1) for name, one in properties.items()}
        for name in texts(node.get("required")):
            yield {key: one for key, one in plain.items() if key != name}
        for name, one in properties.items():
            for value in self._forbidden(self._node(one), depth + 1):
                yield {**plain, name: value}
        yield {**plain, "guardrailsExtra": 1}
        yield {}


def _moment(chance: random.Random, form: str) -> str:
    """Return any moment of two years, so that few of many meet."""
    day = f"{chance.choice((2026, 2027))}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    hour, minute = chance.randrange(_HOURS), chance.randrange(60)
    return day if form == "date" else f"{day}T{hour:02}:{minute:02}:00Z"


def in_turn(columns: Sequence[Sequence[ValueT]]) -> Iterator[ValueT]:
    """Yield the first of each column, then the second of each: null stands early where it is allowed."""
    for turn in range(max(map(len, columns), default=0)):
        yield from (column[turn] for column in columns if turn < len(column))


def _kind(node: Node) -> str:
    kind = node.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in node or "additionalProperties" in node:
        return "object"
    return "array" if "items" in node else ""


def _told(node: Node) -> list[Json]:
    """Return the values that the schema itself names."""
    found = [node["const"]] if "const" in node else []
    found += listed(node.get("enum"))
    if "enum" not in node and "const" not in node:
        found += [
            *listed(node.get("examples")),
            *(node[key] for key in ("example", "default") if key in node),
        ]
    return found


def _is_told(node: Node) -> bool:
    return "const" in node or "enum" in node


def _bounds(node: Node, gap: int) -> tuple[float | int | None, float | int | None]:
    low, high = number(node.get("minimum")), number(node.get("maximum"))
    above, below = number(node.get("exclusiveMinimum")), number(node.get("exclusiveMaximum"))
    low = above + gap if above is not None and (low is None or above >= low) else low
    high = below - gap if below is not None and (high is None or below <= high) else high
    return low, high


def _divides(node: Node, value: float) -> bool:
    unit = number(node.get("multipleOf"))
    return unit is None or unit <= 0 or value % unit == 0


def _fits(text: str, least: int, most: int | None) -> bool:
    return least <= len(text) and (most is None or len(text) <= most)
