"""What crosses the box between the gate and a team's rule programs, checked on the way back."""

import json

from guardrails.model.finding import Effect
from guardrails.model.frozen import frozen

MOST_TEXT = 2_000


@frozen
class Reported:
    """One fault that a program found, with what its RULE says of itself."""

    rule: str
    name: str
    summary: str
    remedy: str
    effect: Effect
    path: str
    line: int
    scope: int
    message: str
    subject: str


@frozen
class Broken:
    """A program that could not judge, and why."""

    path: str
    reason: str


def reported_in(said: bytes) -> tuple[tuple[Reported, ...], tuple[Broken, ...]]:
    """Return what the last line of a run's output reports; raises ValueError for anything else."""
    lines = said.splitlines()
    told = json.loads(lines[-1]) if lines else None
    if not isinstance(told, dict) or set(told) != {"found", "broken"}:
        raise ValueError("no report")
    found = tuple(_reported(one) for one in _rows(told["found"], 10))
    return found, tuple(Broken(_text(path), _text(why)) for path, why in _rows(told["broken"], 2))


def examined_in(said: bytes) -> tuple[str, int, tuple[str, ...]]:
    """Return a rule's id, the number of its examples and what is wrong; raises ValueError for anything else."""
    lines = said.splitlines()
    told = json.loads(lines[-1]) if lines else None
    if not isinstance(told, dict) or set(told) != {"examined"}:
        raise ValueError("no report")
    ((rule, number, wrong),) = _rows(told["examined"], 3)
    if not isinstance(wrong, list):
        raise ValueError("no list")  # noqa: TRY004 - as below
    return _text(rule), _number(number), tuple(map(_text, wrong))


def _rows(rows: object, width: int) -> list[list[object]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == width for row in rows):
        raise ValueError("no rows")
    return rows


def _reported(row: list[object]) -> Reported:
    rule, name, summary, remedy, effect, path, line, scope, message, subject = row
    return Reported(
        _text(rule),
        _text(name),
        _text(summary),
        _text(remedy),
        Effect(_text(effect)),
        _text(path),
        _number(line),
        _number(scope),
        _text(message),
        _text(subject),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004 - a reader of reports expects one kind of error
    return value[:MOST_TEXT]


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("no number")
    return value
