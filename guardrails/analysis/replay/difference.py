"""How two answers to one request differ: by place and kind, so that many requests make few findings.

A place is `status`, `header NAME`, or a JSON pointer into the body whose list indexes are `*`.
"""

import json
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from guardrails.model.frozen import frozen
from guardrails.model.ports import Response, Silence

Json = object
_ERRORS = 400
_SHOWN = 120
# What a server adds or derives tells nothing about the application.
_DERIVED_HEADERS = frozenset({"content-length", "date", "server", "connection", "transfer-encoding"})


class Kind(StrEnum):
    """What is different at a place."""

    SILENCE = "no answer"
    STATUS = "status"
    HEADER = "header"
    MISSING = "missing field"
    NEW = "new field"
    TYPE = "type"
    ORDER = "order"
    COUNT = "count"
    VALUE = "value"
    TEXT = "error text"


@frozen
class Difference:
    """One difference: its place, its kind, and both values as short texts."""

    place: str
    kind: Kind
    base: str
    head: str


def differences(base: Response | Silence, head: Response | Silence) -> list[Difference]:
    """Return how head's answer differs from base's; nothing below a difference is looked at."""
    if isinstance(base, Silence) or isinstance(head, Silence):
        if isinstance(base, Silence) and isinstance(head, Silence):
            return []
        return [Difference("status", Kind.SILENCE, _said(base), _said(head))]
    if base.status != head.status:
        return [Difference("status", Kind.STATUS, str(base.status), str(head.status))]
    return [*_of_headers(base, head), *_of_bodies(base, head)]


def _said(answer: Response | Silence) -> str:
    return answer.reason if isinstance(answer, Silence) else str(answer.status)


def _of_headers(base: Response, head: Response) -> Iterator[Difference]:
    before, after = _headers(base), _headers(head)
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            values = (", ".join(side[name]) if name in side else "absent" for side in (before, after))
            yield Difference(f"header {name}", Kind.HEADER, *values)


def _headers(answer: Response) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in answer.headers:
        if name not in _DERIVED_HEADERS:
            found.setdefault(name, []).append(value)
    return found


def _of_bodies(base: Response, head: Response) -> Iterator[Difference]:
    if base.body == head.body:
        return
    try:
        before, after = (json.loads(side.body, parse_constant=str) for side in (base, head))
    except (ValueError, RecursionError):
        text = (repr(side.body[:_SHOWN])[2:-1] for side in (base, head))
        yield Difference("", Kind.TEXT if base.status >= _ERRORS else Kind.VALUE, *text)
        return
    try:
        found = list(_between(before, after, "", is_error=base.status >= _ERRORS))
    except RecursionError:
        found = [Difference("", Kind.VALUE, "nested too deeply", "nested too deeply")]
    if found:
        yield from found
    elif _layout(base.body) != _layout(head.body):
        yield Difference("", Kind.ORDER, "keys in another order", "or written in another way")


def _layout(body: bytes) -> str:
    """Return the body with its keys in the order sent, since some readers depend on it."""
    return json.dumps(json.loads(body, parse_constant=str))


def _between(before: Json, after: Json, place: str, *, is_error: bool) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            inner = f"{place}/{_escaped(name)}"
            if name not in after:
                yield Difference(inner, Kind.MISSING, _short(before[name]), "absent")
            elif name not in before:
                yield Difference(inner, Kind.NEW, "absent", _short(after[name]))
            else:
                yield from _between(before[name], after[name], inner, is_error=is_error)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _between_lists(before, after, place, is_error=is_error)
    elif _type(before) != _type(after):
        yield Difference(place, Kind.TYPE, _short(before), _short(after))
    elif before != after:
        kind = Kind.TEXT if is_error and isinstance(before, str) else Kind.VALUE
        yield Difference(place, kind, _short(before), _short(after))


def _between_lists(
    before: list[Json], after: list[Json], place: str, *, is_error: bool
) -> Iterator[Difference]:
    if before == after and json.dumps(before) == json.dumps(after):
        return
    counts = [Counter(json.dumps(one, sort_keys=True) for one in side) for side in (before, after)]
    if counts[0] == counts[1] and before != after:
        yield Difference(place, Kind.ORDER, _short(before), _short(after))
        return
    if len(before) != len(after):
        yield Difference(
            place, Kind.COUNT, f"{len(before)}: {_short(before)}", f"{len(after)}: {_short(after)}"
        )
        if not counts[0] - counts[1] or not counts[1] - counts[0]:
            return  # the rest is what it was
    seen: set[tuple[str, Kind]] = set()
    for one, other in zip(before, after, strict=False):
        for found in _between(one, other, f"{place}/*", is_error=is_error):
            if (found.place, found.kind) not in seen:
                seen.add((found.place, found.kind))
                yield found


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _type(value: Json) -> str:
    if isinstance(value, bool) or value is None:
        return str(type(value))
    # A float that happens to be whole is written with its point, and typed clients tell the two apart.
    return type(value).__name__


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
