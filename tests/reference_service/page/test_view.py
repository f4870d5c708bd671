"""The view: bars that add up, and moves that are true."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_service.api.responses import DegradedReason, RankingAnswer
from reference_service.page.names import artist_name
from reference_service.page.view import DEGRADED, WIDTH, gone, ordinal, points, shown_in, steps, withheld_in

NAMES = (
    "affinity",
    "similarity",
    "popularity",
    "freshness",
    "hour",
    "kind_taste",
    "kind_fit",
    "source",
    "more",
)
parts = st.dictionaries(st.sampled_from(("base", *NAMES)), st.integers(-(10**7), 10**7), max_size=10)


def answer(*items: dict[str, Any], filtered: tuple[dict[str, str], ...] = ()) -> RankingAnswer:
    whole = [
        {"kind": "track", "parts": {}, "score": 0, "by_score": at, "moved_by": None, **item}
        for at, item in enumerate(items, 1)
    ]
    digests = dict.fromkeys(("policy", "model", "features"), "0" * 64)
    rest = {"request_id": "x", "digests": digests, "variants": {}, "degraded": False, "degraded_reason": None}
    return RankingAnswer.model_validate({**rest, "items": whole, "filtered": list(filtered)})


@given(st.lists(parts, min_size=1, max_size=5))
def test_bars_start_where_the_last_one_ended_and_end_at_the_score(many: list[dict[str, int]]) -> None:
    items = ({"id": f"track-{at}", "parts": one, "score": sum(one.values())} for at, one in enumerate(many))
    for item in shown_in(answer(*items), {}):
        zero, score = item.rules
        at = before = zero
        for bar in item.bars:
            assert 0 <= bar.x <= bar.x + bar.width <= WIDTH + 0.2
            ends = bar.x, bar.x + bar.width
            # A bar of the base may go either way; the others say which, however narrow they are.
            falls = abs(at - ends[1]) < abs(at - ends[0]) if bar.sign == "base" else bar.sign == "minus"
            start, at = reversed(ends) if falls else ends
            assert abs(before - start) < 0.5
            before = at
            if bar.sign == "minus":
                assert bar.value.startswith("\u2212")
        if item.bars:
            assert min(abs(score - at), abs(score - item.bars[-1].x)) < 0.5


@pytest.mark.parametrize(
    ("item", "moved", "why"),
    [
        ({}, "none", "Where its score puts it."),
        ({"by_score": 4}, "up", "Up from 4th: others were held back."),
        ({"moved_by": "pin", "by_score": 12}, "pin", "Pinned here. By score alone: 12th."),
        ({"moved_by": "spacing"}, "held", "Held back by artist spacing. By score alone: 1st."),
        ({"moved_by": "diversity"}, "held", "Held back by diversity of kinds. By score alone: 1st."),
        ({"moved_by": "later_rule"}, "held", "Held back by later_rule. By score alone: 1st."),
    ],
)
def test_why_an_item_stands_there_is_a_sentence(item: dict[str, Any], moved: str, why: str) -> None:
    shown = shown_in(answer({"id": "track-1", **item}), {})[0]
    assert (shown.moved, shown.why) == (moved, why)


def test_moves_are_counted_from_the_first_answer_to_the_second() -> None:
    before = answer({"id": "a"}, {"id": "b"}, {"id": "c", "parts": {"hour": 1_000}}, {"id": "d"})
    after = answer(
        {"id": "c", "parts": {"hour": 251_000}, "score": 251_000},
        {"id": "b"},
        {"id": "e"},
        {"id": "a"},
        filtered=({"id": "d", "reason": "market"},),
    )
    moves = [
        (step.item.id, step.move, step.text, step.why) for step in steps(before, after, shown_in(after, {}))
    ]
    assert moves == [
        ("c", "up", "up 2", "hour +0.250"),
        ("b", "same", "same", "same score"),
        ("e", "new", "new", ""),
        ("a", "down", "down 3", "same score"),
    ]
    left = gone(shown_in(before, {}), after)
    assert [(step.item.id, step.move, step.why) for step in left] == [
        ("d", "gone", "not available in this market")
    ]


def test_a_reason_that_a_later_service_adds_is_shown_as_it_is() -> None:
    entry = withheld_in(answer(filtered=({"id": "track-1", "reason": "brand_new"},)), {})[0]
    assert entry.text == "brand_new"


def test_numbers_are_told_as_people_write_them() -> None:
    assert [points(value, signed=True) for value in (250_000, -1_499, 0)] == [
        "+0.250",
        "\u22120.001",
        "+0.000",
    ]
    assert [ordinal(place) for place in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th")
    ]


def test_no_two_artists_of_the_catalogue_share_a_name() -> None:
    ids = [f"artist-{number:02d}" for number in range(1, 91)] + [
        f"show-{number:02d}" for number in range(1, 11)
    ]
    assert len({artist_name(name) for name in ids}) == len(ids)


def test_every_reason_that_degrades_an_answer_has_a_sentence() -> None:
    assert {*get_args(DegradedReason)} == DEGRADED.keys()
