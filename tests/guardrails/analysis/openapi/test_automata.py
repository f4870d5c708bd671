"""Patterns told apart by a string that one matches and the other does not."""

import re

import pytest

from guardrails.analysis.openapi.schemas.automata import difference, within
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
    "pattern", ["(?=a)b", r"(a)\1", r"\p{L}", "a{9999}", "((((a*)*)*)*)*" + "b{300}" * 99]
)
def test_nothing_is_claimed_of_what_is_not_read(pattern: str) -> None:
    assert not within(pattern, "^x$")
    with pytest.raises(Irregular):
        difference(pattern, "^x$")


@pytest.mark.parametrize("pattern", [one for pair in WITHIN for one in pair])
def test_samples_match_their_pattern(pattern: str) -> None:
    assert samples(pattern)
    assert all(re.search(pattern, text) for text in samples(pattern))
