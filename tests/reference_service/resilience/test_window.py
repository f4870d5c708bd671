"""The window on a dependency: it finds what the dependency can do, and leaves one alone that cannot."""

from collections import deque
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_service.resilience.window import Window

PATIENCE = 0.06


@dataclass(slots=True)
class Played:
    """Questions to a server that works on `side_by_side` at once; whoever asked waits no longer than PATIENCE, and
    the server works on all the same.
    """

    window: Window
    now: float = 0.0

    def asked(self, side_by_side: int, seconds: float, wanted: int, count: int) -> list[bool]:
        """Return of so many questions which were answered in time, while `wanted` are always to be asked."""
        free, opened = deque([self.now] * side_by_side), deque[tuple[float, float]]()
        answered = list[bool]()
        while len(answered) < count or opened:
            while len(answered) < count and len(opened) < wanted and self.window.acquire():
                begins = max(self.now, free.popleft())
                free.append(begins + seconds)
                opened.append((self.now, begins + seconds))
            began, ends = opened.popleft()
            self.now = max(self.now, min(ends, began + PATIENCE))
            self.window.release(began, self.now, PATIENCE)
            answered.append(ends <= began + PATIENCE)
        return answered


@pytest.mark.parametrize(
    ("side_by_side", "seconds"), [(1, 0.005), (1, 0.015), (4, 0.02), (64, 0.03)], ids=str
)
def test_a_server_that_is_asked_too_much_goes_on_answering_in_time(side_by_side: int, seconds: float) -> None:
    window = Window()
    answered = Played(window).asked(side_by_side, seconds, 64, 1_000)[600:]
    assert answered.count(False) <= 0.02 * len(answered)
    assert window.size >= min(64, 0.5 * side_by_side * PATIENCE / seconds)


def test_without_a_window_it_would_answer_nothing_in_time() -> None:
    answered = Played(Window(least=64, size=64, narrower=1)).asked(1, 0.005, 64, 400)
    assert answered.count(True) <= 0.1 * len(answered)


def test_a_server_that_answers_nothing_is_asked_little_and_one_that_recovers_more_again() -> None:
    played = Played(Window())
    assert not any(played.asked(1, 10.0, 64, 200))
    assert played.window.size == played.window.least
    assert all(played.asked(64, 0.001, 64, 400))
    assert played.window.size > 20


def test_what_is_asked_one_after_the_other_widens_nothing() -> None:
    played = Played(Window())
    assert all(played.asked(64, 0.001, 1, 400))
    assert played.window.size == 16


def test_a_question_without_time_tells_nothing() -> None:
    window = Window()
    for _ in range(20):
        assert window.acquire()
        window.release(0.0, 9.0, None)
    assert window == Window()


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 0.2)), max_size=300))
def test_its_size_stays_in_bounds_and_it_counts_what_is_open(steps: list[tuple[bool, float]]) -> None:
    window, began, now = Window(), list[float](), 0.0
    for is_question, passed in steps:
        now += passed
        if is_question and window.acquire():
            began.append(now)
        elif began:
            window.release(began.pop(0), now, PATIENCE)
        assert window.least <= window.size <= window.most
        assert window.open == len(began) <= window.most
