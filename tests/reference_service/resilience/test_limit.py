"""The limit, by properties: bounded always, lower under slowness, higher again after it."""

from hypothesis import given
from hypothesis import strategies as st

from reference_service.resilience.limit import Limit

STEPS = st.lists(st.tuples(st.booleans(), st.floats(0, 2), st.floats(0, 1)), max_size=300)


@given(steps=STEPS)
def test_the_limit_stays_in_bounds_and_is_never_exceeded(steps: list[tuple[bool, float, float]]) -> None:
    limit, now = Limit(), 0.0
    for starts, seconds, gap in steps:
        now += gap
        if starts:
            before = limit.running
            assert limit.acquire() == (before < int(limit.size))
        elif limit.running:
            limit.release(seconds, now)
        assert limit.least <= limit.size <= limit.most
        assert 0 <= limit.running <= limit.most


@given(seconds=st.floats(0.0251, 100), count=st.integers(1, 200))
def test_slow_requests_shrink_it_and_one_burst_counts_once(seconds: float, count: int) -> None:
    limit = Limit()
    for _ in range(count):
        assert limit.acquire()
        limit.release(seconds, 1.0)
    assert limit.size == 6.0 * 0.8


def test_one_at_a_time_is_never_refused_however_slow() -> None:
    limit = Limit()
    for now in range(1_000):
        assert limit.acquire()
        limit.release(10.0, float(now))
    assert limit.size == limit.least


def test_it_grows_back_under_load_up_to_its_cap_and_not_while_idle() -> None:
    limit = Limit(size=4.0)
    limit.acquire()
    limit.release(0.001, 0.0)
    assert limit.size == 4.0
    for now in range(2_000):
        while limit.acquire():
            pass
        while limit.running:
            limit.release(0.001, float(now))
    assert limit.size == limit.most
