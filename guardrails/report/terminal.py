"""The verdict for a human at a terminal, or for a plain log: few words, the worst first.

Nothing of the change reaches the terminal unescaped; the only control characters written here
are line feeds and, where the Presentation asks for colour, our own colour codes.
"""

from collections.abc import Iterator, Sequence

from guardrails.model.finding import Effect, Status
from guardrails.model.verdict import GateOutcome, Outcome, Verdict
from guardrails.report.content.causes import causes_of
from guardrails.report.content.printable import columns, one_line, sentence, wrapped
from guardrails.report.content.summary import (
    Entry,
    about,
    approved_of,
    aside_of,
    entries_of,
    gates_of,
    has_one_look,
    headline,
    next_command,
    place_of,
)
from guardrails.report.format import Format, Presentation

_SECONDS = "wall seconds"
_NARROWEST = 40
_SENTENCE = 800
_MOST_OTHERS = 6
_PLAIN, _BOLD, _DIM = "0", "1", "2"
_COLOURS = {
    "block": "1;31",
    "undecided": "1;35",
    "review": "1;33",
    "note": "36",
    "pass": "1;32",
    "skipped": _DIM,
}


def _render(verdict: Verdict, presentation: Presentation) -> str:
    return "\n".join(_Page(presentation).lines(verdict)) + "\n"


class _Page:
    """Writes one verdict at one width, in colour or without."""

    def __init__(self, presentation: Presentation) -> None:
        self.presentation = presentation
        self.width = max(presentation.width, _NARROWEST)

    def lines(self, verdict: Verdict) -> Iterator[str]:
        word = self.painted(verdict.outcome.upper(), _COLOURS[verdict.outcome])
        yield f"{word}  {headline(verdict)}"
        for label, text in about(verdict):
            yield from self.labelled(f"  {label:<11} ", text)
        if verdict.change.task:
            yield from self.labelled(f"  {'task':<11} ", f'"{_sentence(verdict.change.task)}"')
        for note in verdict.notes:
            yield from self.labelled(f"  {'note':<11} ", _sentence(note))
        if not has_one_look(verdict):
            yield ""
            yield from self.gates(verdict)
        for cause in causes_of(one for one in entries_of(verdict) if one.finding.counts):
            yield ""
            yield from self.entry(cause.entry)
            if cause.others:
                yield from self.labelled("  the same cause from: ", _named(cause.others))
        yield from self.approved(verdict)
        yield from self.aside(verdict)
        yield ""
        yield f"next: {next_command(verdict, self.presentation)}"

    def gates(self, verdict: Verdict) -> Iterator[str]:
        seconds = {
            name: numbers[_SECONDS] for name, numbers in verdict.measured.items() if _SECONDS in numbers
        }
        for gate in gates_of(verdict):
            taken = f"{seconds[gate.name]:6.1f} s " if gate.name in seconds else " " * 9
            yield from self.gate(gate, taken if seconds else "")

    def gate(self, gate: GateOutcome, taken: str) -> Iterator[str]:
        word = self.painted(f"{gate.outcome:<9}", _COLOURS[gate.outcome])
        name = f"{one_line(gate.name):<13}{taken}"
        yield from self.labelled(f"  {word} {name} ", _sentence(gate.reason), 13 + columns(name))
        if gate.outcome is not Outcome.SKIPPED:
            for fact in gate.facts:
                yield from self.labelled(" " * (26 + len(taken)), _sentence(fact))

    def entry(self, entry: Entry) -> Iterator[str]:
        finding = entry.finding
        effect = self.painted(finding.effect, _COLOURS[finding.effect])
        place = self.painted(place_of(finding) or "the whole change", _BOLD)
        rule = self.presentation.explain(finding.rule)
        name = f" {rule.name}" if rule else ""
        yield f"{effect} {one_line(finding.rule + name)}  {place}"
        yield from self.labelled("  ", _sentence(finding.message), 4)
        yield from self.labelled("  remedy: ", _sentence(finding.remedy))
        if finding.effect is Effect.REVIEW:
            yield one_line(f"  consent: guardrails approve {entry.id}")
        if finding.status is Status.DISPUTED:
            yield from self.labelled("  disputed by the author: ", f'"{_sentence(finding.status_reason)}"')
        from guardrails.report.content.proof import proof_lines  # noqa: PLC0415 - a clean verdict proves nothing

        for one in finding.evidence:
            for line in proof_lines(one, self.width - 4):
                yield f"  {self.painted('│', _DIM)} {line}"

    def approved(self, verdict: Verdict) -> Iterator[str]:
        for entry, said in approved_of(verdict):
            place = place_of(entry.finding) or "the whole change"
            yield ""
            yield f"{self.painted('approved', _COLOURS['pass'])} {one_line(entry.finding.rule)}  {place}"
            yield from self.labelled("  ", _sentence(entry.finding.message), 4)
            yield from self.labelled("  ", _sentence(said), 4)

    def aside(self, verdict: Verdict) -> Iterator[str]:
        aside = aside_of(verdict)
        if aside:
            yield ""
        for status, rules in aside.items():
            named = ", ".join(
                f"{rule} x{times}" if times > 1 else rule for rule, times in sorted(rules.items())
            )
            label = f"  {rules.total()} {status} "
            yield from self.labelled(label, one_line(f"and not counted: {named}"))

    def labelled(self, label: str, text: str, indent: int | None = None) -> Iterator[str]:
        """Yield `text` after `label`, its other lines indented by as much as the label is wide."""
        room = columns(label) if indent is None else indent
        for number, line in enumerate(wrapped(text, max(self.width - room, 20))):
            yield (label if number == 0 else " " * room) + line

    def painted(self, text: str, colour: str) -> str:
        if not self.presentation.colour:
            return text
        return f"\x1b[{colour}m{text}\x1b[{_PLAIN}m"


def _named(others: Sequence[str]) -> str:
    rest = len(others) - _MOST_OTHERS
    more = (f"and {rest} more",) if rest > 0 else ()
    return one_line(", ".join((*others[:_MOST_OTHERS], *more)))


def _sentence(text: str) -> str:
    return sentence(text, _SENTENCE)


FORMAT = Format(name="terminal", extension="txt", render=_render)
