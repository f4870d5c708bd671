"""JSON values as they come out of a document that anyone may have written.

Everything here answers for any value at all, because a document is data that may be wrong in
every place, and a wrong fragment must not stop the judgement of the rest.
"""

import json
from collections.abc import Iterable
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
_HUGE = 2**1000
Node: TypeAlias = dict[str, Json]


def members(value: Json) -> dict[str, Json]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Json) -> list[Json]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def texts(value: Json) -> list[str]:
    """Return the strings of a list, in order."""
    return [one for one in listed(value) if isinstance(one, str)]


def number(value: Json) -> int | float | None:
    """Return the value if it is a number (JSON's true is none), integral ones as int.

    What no double can hold counts as no number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _HUGE:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def count(value: Json) -> int | None:
    """Return the value if it is a whole number of at least zero."""
    found = number(value)
    return found if isinstance(found, int) and found >= 0 else None


def canonical(value: Json) -> str:
    """Return the one text of all JSON-equal values: sorted keys, 1.0 as 1, true apart from 1."""
    text = written(value)
    return written(_plain(value)) if ".0" in text or "e+" in text else text


written = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""Return the JSON text of a value with its keys sorted; equal values may be written in two ways."""


def _plain(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def equal(one: Json, other: Json) -> bool:
    """Whether two values are the same JSON."""
    return canonical(one) == canonical(other)


def distinct(values: Iterable[Json]) -> list[Json]:
    """Return the values without JSON-equal repetitions, first ones kept."""
    return list({canonical(one): one for one in reversed(list(values))}.values())[::-1]


def kind_of(value: Json) -> str:
    """Return the JSON Schema type of a value; `integer` where its value is whole."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "integer" if isinstance(number(value), int) else "number"
    return "array" if isinstance(value, list) else "object"


def step(pointer: str, *names: str | int) -> str:
    """Return the JSON pointer that leads from `pointer` through the names."""
    escaped = (str(name).replace("~", "~0").replace("/", "~1") for name in names)
    return "/".join([pointer, *escaped])
