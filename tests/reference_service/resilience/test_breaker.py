"""The breaker, walked by properties: it protects while a store is dead and comes back soon after."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from reference_service.resilience.breaker import Breaker

STEPS = st.lists(st.tuples(st.floats(0, 0.4), st.booleans()), max_size=60)


@given(steps=STEPS)
def test_whatever_happened_a_call_that_is_answered_closes_it(steps: list[tuple[float, bool]]) -> None:
    breaker, now = Breaker(), 0.0
    for wait, answered in steps:
        now += wait
        if breaker.allows(now):
            breaker.succeeded() if answered else breaker.failed(now)
    assert breaker.allows(now + breaker.rest)
    breaker.succeeded()
    assert breaker.state() == "closed"
    assert breaker.allows(now + breaker.rest)


@given(gaps=st.lists(st.floats(0.001, 0.3), min_size=10, max_size=80))
def test_a_dead_store_is_tried_once_a_rest(gaps: list[float]) -> None:
    breaker, now = Breaker(failures=3, rest=0.5), 0.0
    for _ in range(3):
        breaker.failed(now)
    tried = [now]
    for gap in gaps:
        now += gap
        if breaker.allows(now):
            tried.append(now)
            breaker.failed(now)
    assert all(later - earlier >= 0.5 for earlier, later in itertools.pairwise(tried))


def test_a_probe_that_never_reports_is_followed_by_another() -> None:
    breaker = Breaker(failures=1, rest=0.5)
    breaker.failed(0.0)
    assert breaker.state() == "open"
    assert [breaker.allows(now) for now in (0.4, 0.5, 0.6, 0.99, 1.0)] == [False, True, False, False, True]
    assert breaker.state() == "half_open"


def test_failures_that_are_not_in_a_row_leave_it_closed() -> None:
    breaker = Breaker(failures=2)
    for now in range(100):
        breaker.failed(float(now))
        breaker.succeeded()
    assert breaker.state() == "closed"
