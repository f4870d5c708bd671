"""The HTML pages put together: what is shown in full, what in rows, and what is only counted.

Everything of the change goes through autoescaping and `one_line`; the content security policy
allows our style by its digest and nothing else. A page keeps to 150 kB, so the worst findings
come in full, then others in rows, then their number.
"""

import base64
import hashlib
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from guardrails.model.errors import ToolMissing
from guardrails.model.evidence import Evidence, Interval, Movement
from guardrails.model.finding import Effect, Finding
from guardrails.model.frozen import frozen
from guardrails.model.rule import Rule
from guardrails.model.verdict import Outcome, Verdict
from guardrails.report.content.figures import Bar, Slope, bar_of, slope_of
from guardrails.report.content.printable import excerpt, one_line, sentence, without_middle
from guardrails.report.content.proof import interval_line
from guardrails.report.content.summary import (
    about,
    entries_of,
    gates_of,
    headline,
    next_command,
    place_of,
)
from guardrails.report.content.values import bytes_of
from guardrails.report.format import Presentation

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parents[1] / "templates"
# Bytes of the whole page up to which each part may grow, in the order in which they get room.
_RULES_END = 16_000
_CARDS_END = 46_000
_ROWS_END = 134_000
_ASIDE_END = 147_000
_SENTENCE, _FACT = 600, 200
_LINES, _COLUMNS, _STEPS = 12, 400, 24
_COMMAND, _WHOLE = 240, 12_000
_MEANING = {
    Outcome.BLOCK: "The change is refused.",
    Outcome.UNDECIDED: "The harness could not judge, so the change does not merge.",
    Outcome.REVIEW: "A named human must approve before the change merges.",
    Outcome.PASS: "Nothing stands against the change.",
}
_MARKS = {"block": "✕", "undecided": "?", "review": "◐", "pass": "✓", "skipped": "-", "note": "i"}
_GROUPS = {
    Effect.BLOCK: "Blocks the change",
    Effect.UNDECIDED: "Could not be judged",
    Effect.REVIEW: "Needs an approval",
    Effect.NOTE: "Worth knowing",
}


@frozen
class _Proof:
    kind: str
    one: Evidence
    slope: Slope | None
    bar: Bar | None
    sentence: str


@frozen
class _Card:
    id: str
    finding: Finding
    place: str
    link: str
    rule: Rule | None
    has_page: bool
    proofs: tuple[_Proof, ...]


@frozen
class _Group:
    effect: Effect
    title: str
    number: int
    cards: tuple[str, ...]
    rows: tuple[str, ...]


def report_page(verdict: Verdict, presentation: Presentation) -> str:
    """Return the page about one verdict. Raises ToolMissing without jinja2."""
    environment = environment_of_pages()
    page = environment.get_template("report.html.j2")
    writer = _Writer(environment)
    rules = _known_rules(verdict, presentation)
    documented = {rule.id: text for rule in rules if (text := writer.text("rule", _RULES_END, rule=rule))}
    frame = {
        "verdict": verdict,
        "meaning": _MEANING[verdict.outcome],
        "headline": headline(verdict),
        "about": about(verdict),
        "gates": gates_of(verdict),
        "rules": list(documented.values()),
        "measured": _measured(verdict),
        "next_command": next_command(verdict, presentation),
    }
    nothing: dict[str, object] = {"groups": (), "left": 0, "aside": (), "aside_left": 0}
    writer.used = len(page.render(**frame, **nothing).encode())
    return page.render(**frame, **_findings(writer, list(_cards(verdict, presentation, set(documented)))))


def environment_of_pages() -> "Environment":
    """Return the templates, escaping all that is put into them. Raises ToolMissing without jinja2."""
    try:
        # Only this format needs it, and importing it takes longer than a whole check.
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415
        from markupsafe import Markup  # noqa: PLC0415
    except ImportError as missing:
        raise ToolMissing(
            "the html format needs jinja2, which is not installed; run `pip install guardrails-harness[html]`"
        ) from missing

    def visible(value: object) -> object:
        return one_line(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    named = {"style_digest": digest, "marks": _MARKS, "command_columns": _COMMAND}
    environment.globals.update(named, style=Markup(style))  # noqa: S704 - our own file
    environment.filters.update(lines=_lines, sentence=_sentence, fact=_fact, command=_command, whole=_whole)
    return environment


def _lines(text: str) -> list[str]:
    return excerpt(text, _LINES, _COLUMNS)


def _sentence(text: str) -> str:
    return sentence(text, _SENTENCE)


def _command(text: str) -> str:
    return without_middle(text.strip(), _COMMAND)


def _whole(text: str) -> str:
    return sentence(text, _WHOLE)


def _fact(text: str) -> str:
    return sentence(text, _FACT)


def _cards(verdict: Verdict, presentation: Presentation, documented: set[str]) -> Iterator[_Card]:
    for entry in entries_of(verdict):
        finding = entry.finding
        yield _Card(
            id=entry.id,
            finding=finding,
            place=place_of(finding) or "the whole change",
            link=_link(finding, presentation.link_base),
            rule=presentation.explain(finding.rule),
            has_page=finding.rule in documented,
            proofs=tuple(map(_proof, finding.evidence)),
        )


def _link(finding: Finding, base: str) -> str:
    place = finding.location
    if not (base.startswith(("https://", "http://", "./", "../")) and place.path):
        return ""
    line = f"#L{place.line}" if place.line > 0 else ""
    return f"{base}{quote(bytes_of(place.path), safe='/')}{line}"


def _proof(one: Evidence) -> _Proof:
    return _Proof(
        kind=type(one).__name__,
        one=one,
        slope=slope_of(one) if isinstance(one, Movement) else None,
        bar=bar_of(one) if isinstance(one, Interval) else None,
        sentence=interval_line(one) if isinstance(one, Interval) else "",
    )


class _Writer:
    """Writes parts while the page has room for them."""

    def __init__(self, environment: "Environment") -> None:
        self.environment = environment
        self.used = 0

    def text(self, name: str, end: int, **values: object) -> str:
        """Return the part `name`, or nothing where the page would grow beyond `end` bytes."""
        text = self.environment.get_template(f"{name}.html.j2").render(**values)
        size = len(text.encode())
        if self.used + size > end:
            return ""
        self.used += size
        return text


def _known_rules(verdict: Verdict, presentation: Presentation) -> list[Rule]:
    ids = dict.fromkeys(entry.finding.rule for entry in entries_of(verdict) if entry.finding.counts)
    return [rule for rule in map(presentation.explain, ids) if rule is not None]


def _findings(writer: _Writer, cards: list[_Card]) -> dict[str, object]:
    """Return what fits: findings in full, then as rows, then only their number."""
    groups = []
    for effect, title in _GROUPS.items():
        mine = [card for card in cards if card.finding.counts and card.finding.effect is effect]
        if mine:
            groups.append(_group(writer, effect, title, mine))
    others = [card for card in cards if not card.finding.counts]
    aside = _fitting(writer, "aside", _ASIDE_END, others)
    shown = sum(len(group.cards) + len(group.rows) for group in groups)
    return {
        "groups": groups,
        "left": len(cards) - len(others) - shown,
        "aside": aside,
        "aside_left": len(others) - len(aside),
    }


def _group(writer: _Writer, effect: Effect, title: str, cards: list[_Card]) -> _Group:
    full = _fitting(writer, "card", _CARDS_END, cards)
    rows = _fitting(writer, "row", _ROWS_END, cards[len(full) :])
    return _Group(effect, title, len(cards), full, rows)


def _fitting(writer: _Writer, name: str, end: int, cards: list[_Card]) -> tuple[str, ...]:
    return tuple(takewhile(bool, (writer.text(name, end, card=card, steps=_STEPS) for card in cards)))


def _measured(verdict: Verdict) -> list[tuple[str, str, str]]:
    return [
        (gate, name, f"{number:.4g}")
        for gate, numbers in sorted(verdict.measured.items())
        for name, number in sorted(numbers.items())
    ]
