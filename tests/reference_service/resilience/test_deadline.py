"""Budgets: a stage never outlives its request, and a header is a number or nothing."""

from contextvars import copy_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_service.resilience.deadline import Budget, begin, current, milliseconds

TIMES = st.floats(0, 1e6)


@given(deadline=TIMES, now=TIMES, most=st.none() | TIMES)
def test_no_stage_outlives_the_deadline(deadline: float, now: float, most: float | None) -> None:
    seconds = Budget(deadline).stage(most, now)
    assert seconds is not None
    assert 0 <= seconds <= max(0.0, deadline - now)
    assert most is None or seconds <= most


def test_without_a_deadline_a_stage_has_its_own_bound_alone() -> None:
    assert Budget(None).stage(0.05, 7.0) == 0.05
    assert Budget(None).stage(None, 7.0) is None
    assert Budget(None).left(7.0) is None


def test_a_request_that_began_none_has_a_budget_without_deadline() -> None:
    def request() -> None:
        begin(Budget(3.0))
        assert current().deadline == 3.0

    copy_context().run(request)
    assert current().deadline is None


@pytest.mark.parametrize(("text", "read"), [(b"1", 1), (b"60000", 60_000), (b"0150", 150)])
def test_milliseconds_in_bounds_are_read(text: bytes, read: int) -> None:
    assert milliseconds(text) == read


@pytest.mark.parametrize("text", [b"", b"0", b"60001", b"-1", b"1.5", b"1_0", b"\xb2", b"9" * 5_000])
def test_other_milliseconds_are_not(text: bytes) -> None:
    assert milliseconds(text) is None
