"""Quantiles agree with published tables, and a ratio's interval covers what it should."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.analysis.statistics.ratio import paired_ratio
from guardrails.analysis.statistics.student import t_cumulative, t_quantile


@pytest.mark.parametrize(
    ("probability", "degrees", "expected"),
    [(0.975, 1, 12.706), (0.975, 4, 2.776), (0.995, 3, 5.841), (0.95, 10, 1.812), (0.975, 120, 1.980)],
)
def test_quantiles_equal_the_published_table(probability: float, degrees: int, expected: float) -> None:
    assert t_quantile(probability, degrees) == pytest.approx(expected, abs=5e-4)


@given(st.floats(0.5, 0.9999), st.integers(1, 200))
def test_the_quantile_inverts_the_distribution(probability: float, degrees: int) -> None:
    assert t_cumulative(t_quantile(probability, degrees), degrees) == pytest.approx(probability, abs=1e-7)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    source = random.Random(4)
    covered = 0
    for _ in range(1000):
        pairs = [(1.0, 1.1 * source.lognormvariate(0, 0.02)) for _ in range(5)]
        ratio = paired_ratio(pairs, 0.95)
        covered += ratio.low <= 1.1 <= ratio.high
    assert 925 <= covered <= 975


def test_one_launch_gives_no_interval() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        paired_ratio([(1.0, 1.0)], 0.95)
