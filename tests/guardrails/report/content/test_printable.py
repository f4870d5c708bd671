"""Text made safe to show, and broken into lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.report.content.printable import columns, excerpt, one_line, sentence, wrapped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, é 漢 ✓", "plain text, é 漢 ✓"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x1b[31m\x7f\x9b", r"\x1b[31m\x7f\x9b"),
        ("\u202e\u2066\u200b\u2028\ufeff", r"\u202e\u2066\u200b\u2028\ufeff"),
        ("\udcff", r"\xff"),
        ("\ud800", r"\ud800"),
        ("\U000e0041\ufe0f\u3164\u2800", r"\U000e0041\ufe0f\u3164\u2800"),
    ],
)
def test_what_would_not_be_shown_is_escaped(text: str, shown: str) -> None:
    assert one_line(text) == shown


@given(st.text(), st.integers(1, 60))
def test_wrapping_keeps_the_text_and_its_width(text: str, width: int) -> None:
    safe = one_line(text)
    lines = list(wrapped(safe, width))
    assert " ".join(lines) == safe
    assert all(columns(line) <= width or " " not in line for line in lines)


@given(st.text(), st.integers(1, 60))
def test_sentence_is_bounded_and_says_when_it_was_cut(text: str, most: int) -> None:
    shown = sentence(text, most)
    assert len(shown) <= most
    assert shown.endswith("…") or shown == one_line(text.strip().replace("\n", " "))


def test_excerpt_counts_what_it_leaves_out() -> None:
    assert excerpt("\tone\r\ntwo " + "x" * 50 + "\nthree\n\n", 2, 10) == [
        "    one",
        "two xxxxx…",
        "… 1 more line",
    ]
