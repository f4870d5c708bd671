"""When a second request may be sent."""

from hypothesis import given
from hypothesis import strategies as st

from reference_service.models.remote.hedge import LEAST_KNOWN, LEAST_SECONDS, Hedge


def test_nothing_is_asked_twice_before_enough_is_known() -> None:
    hedge = Hedge()
    for _ in range(LEAST_KNOWN - 1):
        hedge.saw(0.01)
    assert hedge.delay() is None
    hedge.saw(0.01)
    assert hedge.delay() == 0.01


def test_the_delay_is_that_which_one_in_twenty_exceeds() -> None:
    hedge = Hedge()
    for number in range(100):
        hedge.saw(0.005 if number % 20 else 0.5)
    assert hedge.delay() == 0.5
    for _ in range(128):
        hedge.saw(0.0)
    assert hedge.delay() == LEAST_SECONDS


@given(st.lists(st.booleans(), max_size=400))
def test_second_requests_never_exceed_their_share_and_what_was_saved_up(wanted: list[bool]) -> None:
    hedge, sent = Hedge(), 0
    for number, wants in enumerate(wanted, 1):
        hedge.delay()
        sent += wants and hedge.spend()
        assert sent <= number * hedge.share + 1e-9
