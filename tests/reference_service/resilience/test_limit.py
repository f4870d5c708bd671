"""The limit, by properties: bounded always, as many as will be done in time, and never stuck."""

import random
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from reference_service.resilience.limit import Limit

STEPS = st.lists(st.tuples(st.booleans(), st.none() | st.floats(0, 60), st.floats(0, 1)), max_size=300)


@given(steps=STEPS)
def test_the_limit_stays_in_bounds_and_is_never_exceeded(
    steps: list[tuple[bool, float | None, float]],
) -> None:
    limit, now, began = Limit(), 0.0, list[float]()
    for starts, left, gap in steps:
        now += gap
        if starts:
            fits = limit.running < limit.size(left)
            assert limit.acquire(left) == fits
            began += [now] * fits
        elif began:
            limit.release(began.pop(0), now)
        assert limit.least <= limit.size(left) <= limit.most
        assert 0 <= limit.running == len(began) <= limit.most
        assert limit.pace > 0


def paced(seconds: float, count: int = 400) -> Limit:
    """Return a limit that saw so many requests done one after the other."""
    limit = Limit()
    for turn in range(count):
        assert limit.acquire(None)
        limit.release(turn * seconds, (turn + 1) * seconds)
    return limit


@given(pace=st.floats(0.0002, 0.05), left=st.floats(0.01, 5))
def test_as_many_are_admitted_as_will_be_done_in_most_of_the_time_that_is_left(
    pace: float, left: float
) -> None:
    limit = paced(pace)
    expected = max(limit.least, min(limit.most, 0.7 * left / pace))
    assert abs(limit.size(left) - expected) <= 1 + 0.01 * expected


def flooded(load: float, seed: int, pace: float = 1 / 700, left: float = 0.15) -> tuple[float, float]:
    """Return which shares of a random stream are shed and late, where each takes `pace` and the clock is made up."""
    chance, limit, waiting = random.Random(seed), paced(pace), deque[float]()
    now, free, sent, shed, late = 1e6, 1e6, 2_000, 0, 0
    for _ in range(sent):
        now += chance.expovariate(load / pace)
        while waiting and free + pace <= now:
            began = waiting.popleft()
            free = max(free, began) + pace
            late += free - began > left
            limit.release(began, free)
        if limit.acquire(left):
            waiting.append(now)
        else:
            shed += 1
            free += pace / 15
    return shed / sent, late / sent


def test_a_random_stream_of_just_what_gets_done_is_hardly_shed() -> None:
    streams = [flooded(1, seed) for seed in range(20)]
    assert sum(shed for shed, _ in streams) / len(streams) < 0.003
    assert {late for _, late in streams} == {0}


def test_nothing_is_late_however_much_is_asked() -> None:
    assert [flooded(load, 0)[1] for load in (2, 4, 16)] == [0, 0, 0]


def test_requests_that_wait_for_each_other_count_once() -> None:
    limit = Limit()
    for turn in range(0, 4000, 8):
        for _ in range(8):
            limit.acquire(None)
        for done in range(8):
            limit.release(turn * 0.001, (turn + done + 1) * 0.001)
    assert abs(limit.pace - 0.001) < 0.0001


def test_what_is_given_up_is_no_pace() -> None:
    limit = paced(0.01)
    size, now = limit.size(0.15), 4.0
    for turn in range(400):
        now += 0.0005
        assert limit.acquire(1.0)
        limit.release(now - 0.1, now, done=turn % 40 == 39)
    # One was done in 20 ms, and 39 times as many were given up meanwhile.
    assert limit.size(0.15) < size
    assert 0.01 < limit.pace <= 0.02


def test_one_pause_hardly_changes_it_and_a_slow_machine_does() -> None:
    limit = paced(0.001)
    limit.acquire(None)
    limit.release(100.0, 101.0)
    assert limit.size(0.15) > 50
    assert paced(0.1).size(0.15) == Limit().least


def test_it_recovers_from_the_slowest_pace() -> None:
    limit = paced(10.0)
    assert limit.size(None) == limit.least
    for turn in range(400):
        assert limit.acquire(0.01)
        limit.release(10_000 + turn * 0.001, 10_000 + (turn + 1) * 0.001)
    assert limit.size(None) == limit.most
