"""Differences and faults as text, JSON and Markdown; the same bytes for the same documents."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from guardrails.analysis.openapi.difference import Difference, Direction, Level
from guardrails.analysis.openapi.lint.linting import Fault
from guardrails.analysis.openapi.values import Json, canonical
from guardrails.report.content.printable import one_line, sentence

_WIDEST = 400
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
    """Return a line for each difference, its witness below, and how many there are at the end."""
    lines = []
    for one in found:
        lines.append(one_line(f"{one.level.value}: {one.method} {one.path}: {one.message}"))
        if one.witness is not None:
            value = one.witness.text or canonical(one.witness.value)
            lines.append("    " + sentence(f"{one.witness.place}: {value}", _WIDEST))
            lines += ["    " + one_line(one.witness.curl)] if one.witness.curl else []
    counts = {level: sum(one.level is level for one in found) for level in Level}
    lines.append(", ".join(f"{number} {level.value}" for level, number in counts.items()))
    return "\n".join(lines) + "\n"


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
        name = _plain(f"{one.method} {one.path}")
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
