"""Differences and faults as text, JSON and Markdown; the same bytes for the same documents."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict

from guardrails.analysis.openapi.difference import Difference, Direction, Level
from guardrails.analysis.openapi.lint.linting import Fault
from guardrails.analysis.openapi.values import Json, canonical
from guardrails.report.content.printable import one_line, sentence

_WIDEST = 400
_MOST_NAMES = 3
# The media type and the place within the message, as a difference's message tells them.
_PLACE = re.compile(r" \([^()]*/[^()]*\)| at /\S*(?=:)")
_TITLES = {
    Level.BREAKING: "Breaking",
    Level.UNKNOWN: "To be looked at",
    Level.SAFE: "Compatible",
}


def as_json(found: Sequence[Difference]) -> str:
    """Return the differences as JSON: `{"findings": [...]}`."""
    return _written({"findings": [_record(one) for one in found]})


def _record(one: Difference) -> dict[str, Json]:
    proof = one.witness
    return {
        "level": one.level.value,
        "rule": one.rule,
        "method": one.method,
        "path": one.path,
        "pointer": one.pointer,
        "inner": one.inner,
        "direction": one.direction.value,
        "message": one.message,
        "witness": None if proof is None else asdict(proof),
    }


def _written(value: Json) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def as_text(found: Sequence[Difference]) -> str:
    """Return a line for each difference, its witness below, and how many there are at the end.

    What one shared schema does to many operations is told once, with the places where it comes again.
    """
    alike: dict[tuple[str, ...], list[Difference]] = {}
    for one in found:
        alike.setdefault(_cause(one), []).append(one)
    lines = []
    for first, *others in alike.values():
        lines.append(one_line(f"{first.level.value}: {_operation(first)}: {first.message}"))
        if first.witness is not None:
            value = first.witness.text or canonical(first.witness.value)
            lines.append("    " + sentence(f"{first.witness.place}: {value}", _WIDEST))
            lines += ["    " + one_line(first.witness.curl)] if first.witness.curl else []
        if others:
            lines.append("    " + one_line(_told_again(first, others)))
    counts = {level: sum(one.level is level for one in found) for level in Level}
    lines.append(", ".join(f"{number} {level.value}" for level, number in counts.items()))
    return "\n".join(lines) + "\n"


def _cause(one: Difference) -> tuple[str, ...]:
    """Return what differences have in common that one change of a shared schema makes."""
    named = [step for step in one.inner.split("/") if not step.isdigit()]
    said = _PLACE.sub("", one.message)
    return one.level.value, one.rule, one.direction.value, named[-1] if named else "", said


def _told_again(first: Difference, others: Sequence[Difference]) -> str:
    names = dict.fromkeys(_operation(one) for one in others)
    names.pop(_operation(first), None)
    listed = list(names)[:_MOST_NAMES]
    if left := len(names) - len(listed):
        listed.append(f"{left} more operation{'s' if left > 1 else ''}")
    places = "place" if len(others) == 1 else "places"
    where = ", ".join(listed) or "other messages of the same operation"
    return f"alike in {len(others)} more {places}: {where}; --format json has each"


def _operation(one: Difference) -> str:
    return f"{one.method} {one.path}"


def as_changelog(found: Sequence[Difference]) -> str:
    """Return what changed for clients as Markdown, worst first, each operation's changes together."""
    parts = ["# What changes for clients\n"]
    for level, title in _TITLES.items():
        chosen = [one for one in found if one.level is level]
        if chosen:
            parts.append(f"## {title}\n")
            parts += _operations(chosen)
    if not found:
        parts.append("Nothing that a client can notice.\n")
    return "\n".join(parts)


def _operations(chosen: Sequence[Difference]) -> list[str]:
    by_name: dict[str, list[str]] = {}
    for one in chosen:
        name = _plain(_operation(one))
        way = "in requests" if one.direction is Direction.REQUEST else "in answers"
        line = f"- {_plain(one.message)} ({way})"
        if one.witness is not None and one.level is Level.BREAKING:
            value = one.witness.text or canonical(one.witness.value)
            line += f"; for example `{_plain(sentence(value, _WIDEST)).replace('`', '')}`"
        by_name.setdefault(name, []).append(line)
    return [f"### {name}\n\n" + "\n".join(dict.fromkeys(lines)) + "\n" for name, lines in by_name.items()]


def _plain(text: str) -> str:
    """Return text of a document as one line that Markdown shows and does not interpret."""
    return one_line(text).replace("<", "&lt;").replace("[", "\\[")


def faults_as_json(found: Sequence[Fault]) -> str:
    """Return the faults as JSON: `{"findings": [...]}`."""
    records: list[Json] = [
        {"rule": one.rule.id, "name": one.rule.name, "pointer": one.pointer, "message": one.message}
        for one in found
    ]
    return _written({"findings": records})


def faults_as_text(found: Sequence[Fault]) -> str:
    """Return a line for each fault, and how many there are at the end."""
    lines = [one_line(f"{one.rule.id} {one.pointer}: {one.message}") for one in found]
    if found:
        lines.append(f"next: guardrails explain {found[0].rule.id}")
    return "\n".join([*lines, f"{len(found)} faults"]) + "\n"
