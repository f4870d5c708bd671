"""Patterns told apart by a string that one matches and the other does not."""

import re

import pytest

from guardrails.analysis.openapi.schemas.automata import difference, matches, within
from guardrails.analysis.openapi.schemas.patterns import Irregular, samples

WITHIN = [
    ("^[a-z]+$", "^[a-z0-9]+$"),
    ("^a{2,4}$", "^a+$"),
    ("^(ab|cd)$", "^[a-d]{2}$"),
    ("^abc", "b"),
    (r"^\d{4}$", r"^[0-9]{4}$"),
    ("^$", "^a?$"),
    (r"^[^@\s]+@[a-z]+$", "@"),
]


@pytest.mark.parametrize(("one", "other"), WITHIN)
def test_pattern_lies_within_another(one: str, other: str) -> None:
    assert within(one, other)


@pytest.mark.parametrize(("other", "one"), [pair for pair in WITHIN if pair[0] != r"^\d{4}$"])
def test_difference_is_matched_by_one_pattern_alone(one: str, other: str) -> None:
    text = difference(one, other)

    assert text is not None
    assert re.search(one, text)
    assert not re.search(other, text)


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", r"(a)\1", r"\p{Nope}", "a{9999}", "((((a*)*)*)*)*" + "b{300}" * 99]
)
def test_nothing_is_claimed_of_what_is_not_read(pattern: str) -> None:
    assert not within(pattern, "^x$")
    with pytest.raises(Irregular):
        difference(pattern, "^x$")


@pytest.mark.parametrize("pattern", [one for pair in WITHIN for one in pair])
def test_samples_match_their_pattern(pattern: str) -> None:
    assert samples(pattern)
    assert all(re.search(pattern, text) for text in samples(pattern))


def test_categories_and_look_ahead_at_the_begin_are_read() -> None:
    assert within("^[a-zé]+$", r"^\p{L}+$")
    assert not within(r"^\p{L}+$", "^[a-z]+$")
    assert within("^(?!admin)[a-z]+$", "^[a-z]+$")
    assert difference("^[a-z]+$", "^(?!ab)[a-z]+$") == "ab"
    assert difference("^(?=.*[0-9])[a-z0-9]+$", "^[a-z0-9]{1,3}$") is not None
    assert matches("^(?=.*[0-9])(?=.*[a-z]).{2,}$", "a1")
    assert not matches("^(?=.*[0-9])(?=.*[a-z]).{2,}$", "ab")


def test_look_ahead_in_one_branch_is_not_taken_for_the_whole() -> None:
    with pytest.raises(Irregular):
        matches("^(?!a)b|a", "a")
