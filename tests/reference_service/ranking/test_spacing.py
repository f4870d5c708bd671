"""Re-ranking against the plain definition that it must equal."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from reference_service.ranking.nouns import MovedBy, Spacing
from reference_service.ranking.spacing import space

Item = tuple[str, str]

items = st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("xyz")), max_size=40)
spacings = st.builds(Spacing, st.integers(0, 4), st.integers(0, 3))
before = st.lists(st.tuples(st.sampled_from("abq"), st.sampled_from("xyq")), max_size=3)


def plainly(
    given: list[Item], spacing: Spacing, limit: int, before: list[Item], pinned: dict[int, int]
) -> list[int]:
    left = [position for position in range(len(given)) if position not in pinned.values()]
    heard, chosen = list(before), list[int]()
    for slot in range(min(limit, len(given))):
        recent = [artist for artist, _ in heard[-spacing.artist_gap :]] if spacing.artist_gap else []
        resting = [kind for _, kind in heard[-spacing.kind_gap :]] if spacing.kind_gap else []
        best = pinned.get(slot)
        if best is None:
            best = min(left, key=lambda at: (given[at][0] in recent, given[at][1] in resting, at))
            left.remove(best)
        chosen.append(best)
        heard.append(given[best])
    return chosen


def spaced(
    given: list[Item], spacing: Spacing, limit: int, before: list[Item], pinned: dict[int, int]
) -> list[tuple[int, MovedBy | None]]:
    artists, kinds = [artist for artist, _ in given], [kind for _, kind in given]
    placed = space(
        range(len(given)), artists, kinds, spacing=spacing, limit=limit, before=before, pinned=pinned
    )
    return [(slot.position, slot.moved_by) for slot in placed]


@given(items, spacings, st.integers(1, 50), before, st.data())
def test_each_slot_goes_to_the_best_of_those_that_repeat_least(
    given: list[Item], spacing: Spacing, limit: int, before: list[Item], data: st.DataObject
) -> None:
    positions = st.integers(0, max(len(given) - 1, 0))
    some = data.draw(st.lists(positions, max_size=3, unique=True)) if given else []
    slots = data.draw(st.lists(positions, min_size=len(some), max_size=len(some), unique=True))
    pinned = dict(zip(slots, some, strict=True))
    placed = spaced(given, spacing, limit, before, pinned)
    assert [position for position, _ in placed] == plainly(given, spacing, limit, before, pinned)
    for slot, (position, moved_by) in enumerate(placed):
        above = [other for other, why in placed[:slot] if why != "pin"]
        passed = position not in pinned.values() and any(other > position for other in above)
        assert moved_by in (get_args(MovedBy) if passed else ("pin", None))
        assert (moved_by == "pin") == (pinned.get(slot) == position)
        assert not passed or moved_by != "pin"


def test_the_rule_that_let_a_lesser_one_pass_is_named() -> None:
    given = [("a", "x"), ("a", "y"), ("b", "x"), ("c", "y"), ("d", "z")]
    assert spaced(given, Spacing(artist_gap=1), 5, [], {}) == [
        (0, None),
        (2, None),
        (1, "spacing"),
        (3, None),
        (4, None),
    ]
    assert spaced(given, Spacing(kind_gap=2), 4, [("q", "x")], {3: 2}) == [
        (1, None),
        (4, None),
        (0, "diversity"),
        (2, "pin"),
    ]


def test_artists_are_kept_apart_before_kinds_are() -> None:
    given = [("a", "x"), ("a", "y"), ("b", "x")]
    assert [at for at, _ in spaced(given, Spacing(1, 1), 3, [], {})] == [0, 2, 1]
