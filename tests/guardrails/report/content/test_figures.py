"""The geometry of drawings: every rank has its height, every number its place, nonsense is not drawn."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardrails.model.evidence import Interval, Movement
from guardrails.report.content.figures import bar_of, slope_of
from guardrails.report.content.movement import rows_of


def _interval(low: float, estimate: float, high: float, unit: str = "ms") -> Interval:
    return Interval("CPU", unit, estimate, low, high, 0.95, 40)


def test_each_item_says_what_became_of_it() -> None:
    rows = rows_of(Movement("s", "set", ("a", "b", "c", "d"), ("b", "x", "c", "a")))
    assert [(row.item, row.sign) for row in rows] == [
        ("b", "↑1"),
        ("x", "new"),
        ("c", ""),
        ("a", "↓3"),
        ("d", "gone"),
    ]


@given(st.lists(st.integers(0, 40)), st.lists(st.integers(0, 40)))
def test_lines_join_the_same_item_within_the_drawing(base: list[int], head: list[int]) -> None:
    slope = slope_of(Movement("s", "reorder", tuple(map(str, base)), tuple(map(str, head))))
    left = {label.y: label.text for label in slope.base}
    right = {label.y: label.text for label in slope.head}
    assert all(left[line.start] == right[line.end] for line in slope.lines)
    assert all(0 < height < slope.height for height in (*left, *right))
    assert slope.hidden == max(0, max(len(base), len(head)) - 12)


def test_interval_is_seen_against_no_change() -> None:
    ratio = bar_of(_interval(1.5, 1.6, 2.0, "ratio"))
    assert ratio is not None
    assert (ratio.reference_text, ratio.reference, ratio.high) == ("1", 80.0, 560.0)
    falling = bar_of(_interval(-4.0, -3.0, -2.0))
    assert falling is not None
    assert (falling.reference, falling.low) == (560.0, 80.0)


@example(low=-1.7e308, estimate=0.0, high=5e-324)
@given(st.floats(), st.floats(), st.floats())
def test_bar_stays_in_its_frame_or_is_not_drawn(low: float, estimate: float, high: float) -> None:
    bar = bar_of(_interval(low, estimate, high))
    if bar is None:
        return
    assert 80 <= bar.low <= bar.estimate <= bar.high <= 560


@pytest.mark.parametrize("low", [math.nan, -math.inf, 5.0])
def test_nonsense_is_not_drawn(low: float) -> None:
    assert bar_of(_interval(low, 1.0, 2.0)) is None
