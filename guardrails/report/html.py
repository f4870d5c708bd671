"""The verdict as one HTML file that stands alone: no script, no request, light and dark.

It is what people attach, archive and open from a build: everything of the change goes through
autoescaping and `one_line`, the content security policy allows our style by its digest and
nothing else, and the file keeps to 150 kB: the worst findings in full, then the others in
rows, then their number.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from guardrails.model.errors import ToolMissing
from guardrails.model.evidence import Evidence, Interval, Movement
from guardrails.model.finding import Effect, Finding
from guardrails.model.rule import Rule
from guardrails.model.verdict import Outcome, Verdict
from guardrails.report.content.figures import Bar, Slope, bar_of, slope_of
from guardrails.report.content.printable import excerpt, one_line, shortened
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
from guardrails.report.format import Format, Presentation

if TYPE_CHECKING:
    from jinja2 import Environment, Template

_TEMPLATES = Path(__file__).parent / "templates"
_CARD_BYTES = 48_000
_ROW_BYTES = 132_000
_ASIDE_ROWS = 60
_RULES = 24
_SENTENCE = 600
_LINES, _COLUMNS, _STEPS = 12, 400, 24
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


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One judged change in the index: what it is, what was expected, what came out and why.

    `link` leads to its report and may be empty; `seconds` is how long the judgement took.
    """

    name: str
    task: str
    expected: Outcome
    verdict: Outcome
    reason: str
    link: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _Proof:
    kind: str
    one: Evidence
    slope: Slope | None
    bar: Bar | None
    sentence: str


@dataclass(frozen=True, slots=True)
class _Card:
    id: str
    finding: Finding
    place: str
    link: str
    rule: Rule | None
    proofs: tuple[_Proof, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    effect: Effect
    title: str
    number: int
    cards: tuple[str, ...]
    rows: tuple[str, ...]


def render_index(rows: Sequence[IndexRow]) -> str:
    """Return one HTML page over several judged changes, with a link to the report of each.

    Raises ToolMissing without jinja2.
    """
    met = sum(row.verdict is row.expected for row in rows)
    return _environment().get_template("index.html.j2").render(rows=rows, met=met)


def _render(verdict: Verdict, presentation: Presentation) -> str:
    environment = _environment()
    cards = [card for card in _cards(verdict, presentation) if card.finding.counts]
    aside = [card for card in _cards(verdict, presentation) if not card.finding.counts]
    groups, left = _groups(environment, cards)
    return environment.get_template("report.html.j2").render(
        verdict=verdict,
        meaning=_MEANING[verdict.outcome],
        headline=headline(verdict),
        about=about(verdict),
        gates=gates_of(verdict),
        groups=groups,
        left=left,
        aside=aside[:_ASIDE_ROWS],
        aside_left=len(aside[_ASIDE_ROWS:]),
        rules=_rules(cards),
        measured=_measured(verdict),
        next_command=next_command(verdict, presentation),
    )


def _environment() -> "Environment":
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
    environment.globals.update(style=Markup(style), style_digest=digest, marks=_MARKS)  # noqa: S704 - our own file
    environment.filters.update(lines=_lines, sentence=_sentence)
    return environment


def _lines(text: str) -> list[str]:
    return excerpt(text, _LINES, _COLUMNS)


def _sentence(text: str) -> str:
    return shortened(one_line(text.strip().replace("\n", " ")), _SENTENCE)


def _cards(verdict: Verdict, presentation: Presentation) -> Iterator[_Card]:
    for entry in entries_of(verdict):
        finding = entry.finding
        yield _Card(
            id=entry.id,
            finding=finding,
            place=place_of(finding) or "the whole change",
            link=_link(finding, presentation.link_base),
            rule=presentation.explain(finding.rule),
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


def _groups(environment: "Environment", cards: list[_Card]) -> tuple[list[_Group], int]:
    """Return what fits, grouped by effect, and how many findings do not."""
    writer = _Writer(environment.get_template("card.html.j2"), environment.get_template("row.html.j2"))
    groups = []
    for effect, title in _GROUPS.items():
        mine = [card for card in cards if card.finding.effect is effect]
        if mine:
            groups.append(writer.group(effect, title, mine))
    return groups, writer.left


class _Writer:
    """Writes findings in full while their room lasts, then as rows, then only counts them."""

    def __init__(self, card: "Template", row: "Template") -> None:
        self.card = card
        self.row = row
        self.used = 0
        self.left = 0

    def group(self, effect: Effect, title: str, cards: list[_Card]) -> _Group:
        full: list[str] = []
        rows: list[str] = []
        for card in cards:
            if not rows and self._kept(full, self.card.render(card=card, steps=_STEPS), _CARD_BYTES):
                continue
            if not self._kept(rows, self.row.render(card=card), _ROW_BYTES):
                self.left += 1
        return _Group(effect, title, len(cards), tuple(full), tuple(rows))

    def _kept(self, into: list[str], text: str, bound: int) -> bool:
        size = len(text.encode())
        if self.used + size > bound:
            return False
        self.used += size
        into.append(text)
        return True


def _rules(cards: Sequence[_Card]) -> list[Rule]:
    rules = {card.finding.rule: card.rule for card in cards if card.rule is not None}
    return list(rules.values())[:_RULES]


def _measured(verdict: Verdict) -> list[tuple[str, str, str]]:
    return [
        (gate, name, f"{number:.4g}")
        for gate, numbers in sorted(verdict.measured.items())
        for name, number in sorted(numbers.items())
    ]


FORMAT = Format(name="html", extension="html", render=_render)
