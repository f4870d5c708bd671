"""The terminal's report: verdict first, command last, colour only when asked for, nothing forged."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.model.evidence import Movement, Witness
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.verdict import GateOutcome, Outcome, Verdict
from guardrails.report.format import Presentation
from guardrails.report.terminal import FORMAT
from tests.reports.any_verdict import verdicts
from tests.reports.rich import presented, rich_verdict

COLOUR = re.compile(r"\x1b\[(0|1|2|36|1;3[1-6])m")


def _lines(verdict: Verdict, presentation: Presentation | None = None) -> list[str]:
    return FORMAT.render(verdict, presentation or presented()).splitlines()


def _with(*findings: Finding) -> Verdict:
    return replace(rich_verdict(), findings=findings)


def test_first_line_is_the_verdict_and_last_the_next_command() -> None:
    lines = _lines(rich_verdict())
    assert lines[0] == (
        "BLOCK  5 block, 1 undecided, 3 review, 1 note; 4 not counted; 1 of 9 gates passed, 2 skipped"
    )
    assert lines[-1] == "next: guardrails review --staged --gate architecture"


@pytest.mark.parametrize(
    ("outcome", "effect", "command"),
    [
        (Outcome.BLOCK, Effect.BLOCK, "guardrails explain GR1"),
        (Outcome.UNDECIDED, None, "guardrails doctor"),
        (Outcome.PASS, None, "git commit"),
    ],
)
def test_next_command_is_derived_where_none_is_given(
    outcome: Outcome, effect: Effect | None, command: str
) -> None:
    finding = (Finding("GR1", "style", effect, Location("a.py"), "m", "r"),) if effect else ()
    verdict = replace(rich_verdict(), outcome=outcome, findings=finding)
    assert _lines(verdict, Presentation())[-1] == f"next: {command}"


@settings(max_examples=60, deadline=None)
@given(verdicts(), st.integers(0, 200))
def test_colour_adds_our_codes_and_nothing_else(verdict: Verdict, width: int) -> None:
    coloured = FORMAT.render(verdict, Presentation(width=width, colour=True))
    plain = FORMAT.render(verdict, Presentation(width=width))
    assert "\x1b[" in coloured
    assert COLOUR.sub("", coloured) == plain


def test_hostile_path_message_and_reason_stay_on_their_line() -> None:
    finding = Finding("GR1", "style", Effect.NOTE, Location("a\nPASS  x.py", 3), "m\r\nPASS", "r\x85PASS")
    gate = GateOutcome("style", Outcome.SKIPPED, "why\x1b[2J\nPASS  no findings")
    lines = _lines(replace(rich_verdict(), findings=(finding,), gates=(gate,), outcome=Outcome.BLOCK))
    assert not [line for line in lines if line.startswith("PASS")]
    assert r"note GR1  a\nPASS  x.py:3" in lines


def test_sentence_wraps_at_the_width_and_a_path_stays_whole() -> None:
    path = "very/" * 20 + "deep.py"
    verdict = _with(
        Finding("GR1", "style", Effect.NOTE, Location("a.py", 3), f"word {path} " + "word " * 40, "r")
    )
    lines = _lines(verdict, Presentation(width=60))
    assert f"    {path}" in lines
    assert 55 < max(len(line) for line in lines if "word" in line and path not in line) <= 60


def test_wide_letters_count_double() -> None:
    verdict = _with(Finding("GR1", "style", Effect.NOTE, Location("a.py", 3), "漢字 " * 30, "r"))
    assert max(len(line) for line in _lines(verdict, Presentation(width=60)) if "漢" in line) <= 36


def test_movement_shows_the_ranks_around_the_first_difference() -> None:
    base = tuple(f"t{number}" for number in range(30))
    head = (*base[:20], base[21], base[20], *base[22:])
    moved = Movement("s", "reorder", base, head)
    shown = "\n".join(
        _lines(_with(Finding("GR1", "golden", Effect.REVIEW, Location("g"), "m", "r", evidence=(moved,))))
    )
    assert " 21  t20    t21  ↑1" in shown
    assert " 22  t21    t20  ↓1" in shown
    assert "t10" not in shown


def test_movement_shows_every_place_at_which_something_moved() -> None:
    base = tuple(f"t{number}" for number in range(60))
    late = (*base[:20], *base[21:40], "t20", *base[40:])
    moved = Movement("s", "reorder", base, late)
    lines = _lines(_with(Finding("GR1", "golden", Effect.REVIEW, Location("g"), "m", "r", evidence=(moved,))))
    assert any(" 21  t20    t21  ↑1" in line for line in lines)
    assert any(" 40  t39    t20  ↓19" in line for line in lines)
    assert [line for line in lines if line.endswith("⋮")] == ["  │   ⋮"] * 3
    assert not any("t30" in line for line in lines), "what was only pushed along is left out"


def test_long_command_loses_its_middle_and_keeps_its_address() -> None:
    body = ", ".join(f'"track-{number}"' for number in range(500))
    witness = Witness(f"curl -X POST -d '[{body}]' http://localhost/v1/up-next:rank", "200", "500")
    finding = Finding("GR1", "golden", Effect.BLOCK, Location("g"), "m", "r", evidence=(witness,))
    command = next(line for line in _lines(_with(finding)) if "$ curl" in line)
    assert 150 < len(command) <= 2 * 100
    assert "… " in command
    assert command.endswith("http://localhost/v1/up-next:rank")


def test_seconds_of_gates_stand_in_their_rows_and_nowhere_without_them() -> None:
    rows = [line for line in _lines(rich_verdict()) if " latency " in line or " mutation " in line]
    assert rows == [
        "  review    latency        31.5 s  1 metric grew",
        "  undecided mutation               the service did not start",
    ]
    bare = _lines(replace(rich_verdict(), measured={}))
    assert "  review    latency       1 metric grew" in bare


def test_change_without_base_says_that_everything_is_new() -> None:
    verdict = replace(rich_verdict(), change=replace(rich_verdict().change, whole_tree=True))
    assert "there is no base" in FORMAT.render(verdict, presented())
