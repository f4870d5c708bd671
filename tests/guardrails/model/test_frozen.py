"""A frozen value behaves as the dataclass that it stands in for."""

import dataclasses
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.model.frozen import FrozenError, field, field_names, frozen, replace, required_names


@frozen
class Point:
    """A point with a name and notes."""

    x: int
    y: int = 2
    notes: Mapping[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @cached_property
    def total(self) -> int:
        """The sum."""
        return self.x + self.y


@dataclasses.dataclass(frozen=True)
class Twin:
    """The same, the slow way."""

    x: int
    y: int = 2
    notes: Mapping[str, int] = dataclasses.field(default_factory=dict)
    names: tuple[str, ...] = ()


values = st.tuples(st.integers(), st.integers(), st.dictionaries(st.text(), st.integers()), st.just(("a",)))


@given(values, values)
def test_it_equals_shows_and_lists_itself_as_a_dataclass_does(
    one: tuple[int, int, dict[str, int], tuple[str]], other: tuple[int, int, dict[str, int], tuple[str]]
) -> None:
    assert (Point(*one) == Point(*other)) == (Twin(*one) == Twin(*other))
    assert repr(Point(*one)) == repr(Twin(*one)).replace("Twin", "Point")
    assert dataclasses.asdict(Point(*one)) == dataclasses.asdict(Twin(*one))
    assert pickle.loads(pickle.dumps(Point(*one))) == Point(*one)


def test_fields_and_replace_of_the_standard_library_work() -> None:
    mine, theirs = dataclasses.fields(Point), dataclasses.fields(Twin)
    assert [(one.name, one.type, one.default) for one in mine] == [
        (one.name, one.type, one.default) for one in theirs
    ]
    assert dataclasses.replace(Point(1), y=5) == Point(1, 5)


@pytest.mark.parametrize("kind", [Point, Twin])
def test_our_own_fields_and_replace_work_on_both(kind: type[Point] | type[Twin]) -> None:
    assert field_names(kind) == ("x", "y", "notes", "names")
    assert required_names(kind) == ("x",)
    assert replace(kind(1, notes={"a": 1}), y=5) == kind(1, 5, {"a": 1})
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        replace(kind(1), z=5)


def test_what_is_no_value_has_no_fields() -> None:
    class Below(Point):
        """Inherits fields, and has none of its own."""

    for kind in (int, Below):
        with pytest.raises(TypeError, match="neither frozen nor a dataclass"):
            field_names(kind)


def test_a_made_default_is_made_anew() -> None:
    assert Point(1).notes == {}
    assert Point(1).notes is not Point(1).notes


def test_equal_values_hash_alike_and_other_classes_differ() -> None:
    assert hash(Point(1, names=("a",), notes=())) == hash(Point(1, names=("a",), notes=()))  # type: ignore[arg-type]
    other: object = Twin(1)
    assert Point(1) != other


def test_nothing_changes_it_but_what_it_computes_is_kept() -> None:
    point = Point(1)
    assert point.total == 3
    with pytest.raises(FrozenError):
        point.x = 9  # type: ignore[misc]
    with pytest.raises(FrozenError):
        point.other = 9  # type: ignore[attr-defined]
    with pytest.raises(FrozenError):
        del point.x
    assert (point.x, point.total) == (1, 3)


def test_post_init_runs_last() -> None:
    @frozen
    class Checked:
        """Refuses negative numbers."""

        x: int
        seen: ClassVar[int] = 0

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError(self.x)

    assert Checked(1).x == 1
    with pytest.raises(ValueError, match="-1"):
        Checked(-1)


def test_it_matches_by_position() -> None:
    match Point(1, 4):
        case Point(x, y):
            assert (x, y) == (1, 4)


def test_a_mutable_default_is_refused() -> None:
    with pytest.raises(TypeError, match="mutable default"):

        @frozen
        class Shared:
            """Shares a list by mistake."""

            x: list[int] = []  # noqa: RUF012 - what the test is about


def test_its_constructor_is_that_of_a_dataclass_before_its_first_use_and_in_a_class_below() -> None:
    @frozen
    class Fresh:
        """Never made so far."""

        x: int
        notes: tuple[str, ...] = ()

    class Below(Fresh):
        """Takes its constructor from above."""

    assert list(inspect.signature(Fresh).parameters) == ["x", "notes"]
    assert (Below(1, ("a",)).x, Below(2).notes) == (1, ())
    assert dataclasses.fields(Fresh)[1].default == ()


@pytest.mark.parametrize(
    ("given", "named"),
    [((), {}), ((1, 2, 3), {}), ((1,), {"x": 2}), ((1,), {"z": 2}), ((), {"notes": 1})],
)
def test_wrong_arguments_are_refused_in_the_same_words_at_first_and_later(
    given: tuple[int, ...], named: dict[str, int]
) -> None:
    def refusals(kind: Callable[..., object]) -> set[str]:
        words = set()
        for _ in range(6):
            with pytest.raises(TypeError) as refused:
                kind(*given, **named)
            words.add(str(refused.value).partition("__init__() ")[2])
        return words

    @frozen
    class Fresh:
        """Never made so far."""

        x: int
        notes: tuple[str, ...] = ()

    @dataclasses.dataclass
    class Known:
        """The same, the slow way."""

        x: int
        notes: tuple[str, ...] = ()

    assert refusals(Fresh) == refusals(Known)


def test_every_use_of_a_constructor_gives_the_same_value() -> None:
    @frozen
    class Fresh:
        """Never made so far."""

        x: int
        notes: list[int] = field(default_factory=list)

    made = [Fresh(1) for _ in range(6)]
    assert all(one == made[0] for one in made)
    assert len({id(one.notes) for one in made}) == len(made)
    assert [Fresh(2, [3]), Fresh(notes=[3], x=2)] == [Fresh(x=2, notes=[3])] * 2


def test_a_field_without_default_after_one_with_is_refused() -> None:
    with pytest.raises(TypeError, match="follows one with"):

        @frozen
        class Late:
            """Has its fields in the wrong order."""

            x: int = 1
            y: int  # type: ignore[misc]  # what the test is about


def test_a_missing_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="missing 1 required"):
        Point()  # type: ignore[call-arg]


def test_making_a_class_imports_neither_dataclasses_nor_inspect() -> None:
    code = "import sys, guardrails.model.frozen; print({'dataclasses', 'inspect'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "set()\n"
    )


def test_the_fields_are_described_once() -> None:
    assert dataclasses.fields(Point) is not None
    assert isinstance(Point.__dict__["__dataclass_fields__"], dict)
