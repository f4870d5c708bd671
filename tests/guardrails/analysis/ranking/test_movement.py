"""Movement is classed by what a listener would see, and its cause is the part that differs most."""

from hypothesis import given
from hypothesis import strategies as st

from guardrails.analysis.ranking.movement import Item, MovementKind, cause_of, kind_of

orders = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)


@given(orders, orders)
def test_the_class_is_symmetric_and_none_means_equal(one: list[str], two: list[str]) -> None:
    assert kind_of(one, two) is kind_of(two, one)
    assert (kind_of(one, two) is MovementKind.NONE) == (one == two)
    assert (kind_of(one, two) is MovementKind.SET) == (set(one) != set(two))


@given(orders)
def test_a_shorter_list_is_another_set(order: list[str]) -> None:
    if order:
        assert kind_of(order, order[:-1]) is MovementKind.SET


def test_a_repeated_item_is_another_set() -> None:
    assert kind_of(["a", "b"], ["a", "a"]) is MovementKind.SET


def test_the_cause_is_the_part_whose_values_differ_most() -> None:
    base = [Item("a", {"taste": 1.0, "age": 2.0}), Item("b", {"taste": 3.0, "age": 1.0})]
    head = [Item("b", {"taste": 3.0, "age": 9.0}), Item("a", {"taste": 1.5, "age": 2.0})]
    assert cause_of(base, head) == "age"


def test_a_part_that_one_side_lacks_counts_as_zero() -> None:
    assert cause_of([Item("a", {"taste": 1.0})], [Item("a", {"taste": 1.0, "boost": 5.0})]) == "boost"


def test_equal_parts_have_no_cause() -> None:
    assert cause_of([Item("a", {"taste": 1.0})], [Item("a", {"taste": 1.0})]) == ""
