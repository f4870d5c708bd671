"""Settings types get exactly what they ask for, or an error that says where and what to do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.adapters.policy.decode import DecodeError, decode, decode_list
from guardrails.adapters.policy.plain import Plain


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    label: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Everything:
    text: str = ""
    count: int = 0
    ratio: float = 0.5
    flag: bool = False
    day: date | None = None
    colour: Colour = Colour.RED
    level: Literal["low", "high", 3] = "low"
    names: tuple[str, ...] = ()
    grid: tuple[tuple[int, ...], ...] = ()
    by_colour: Mapping[Colour, float] = field(default_factory=dict)
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    table: Mapping[str, tuple[Inner, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bounded:
    share: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError("share is outside 0 to 1; write a share such as 0.1")


def refusal(data: Plain, kind: type = Everything) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode(data, kind)
    return caught.value


def plain(value: object) -> Plain:
    """Return a value as a policy file would hold it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | date):
        return str(value)
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    assert isinstance(value, Inner | Everything)
    return {one.name: plain(getattr(value, one.name)) for one in fields(value)}


_INNERS = st.builds(Inner, label=st.text(), weight=st.floats(allow_nan=False, allow_infinity=False))
_VALUES = st.builds(Everything, inner=st.none() | _INNERS, inners=st.lists(_INNERS, max_size=3).map(tuple))


@given(_VALUES)
def test_what_a_type_holds_comes_back_unchanged(value: Everything) -> None:
    assert decode(plain(value), Everything) == value
    assert decode_list([plain(value)], Everything) == (value,)


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
_DATA = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner))


@given(_VALUES, st.data())
def test_any_other_value_in_any_field_is_taken_whole_or_refused_at_that_field(
    value: Everything, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([one.name for one in fields(Everything)] + ["colours", ""]))
    mutated = data.draw(_DATA)
    given_data = plain(value)
    assert isinstance(given_data, dict)
    given_data[name] = mutated
    try:
        decoded = decode(given_data, Everything)
    except DecodeError as error:
        assert error.pointer[0] == name
        assert "; " in str(error)
    else:
        assert asdict(decoded) == asdict(decode(plain(decoded), Everything))


@given(_DATA)
def test_any_data_at_all_is_decoded_or_refused(data: Plain) -> None:
    try:
        assert isinstance(decode(data, Everything), Everything)
    except DecodeError as error:
        assert str(error).isprintable()


@pytest.mark.parametrize(
    ("data", "pointer", "said"),
    [
        ({"txt": "a"}, ("txt",), "did you mean text?"),
        ({"zzz": "a"}, ("zzz",), "its keys are text, count"),
        ({"text": 1}, ("text",), "is a whole number; write text, in quotes"),
        ({"text": None}, ("text",), "is empty; write text"),
        ({"count": True}, ("count",), "is true or false; write a whole number"),
        ({"count": 1.0}, ("count",), "is a number; write a whole number"),
        ({"ratio": "0.5"}, ("ratio",), "is text; write a number without quotes"),
        ({"ratio": True}, ("ratio",), "is true or false"),
        ({"flag": 1}, ("flag",), "write true or false"),
        ({"day": "2026-02-30"}, ("day",), "2026-02-30 is not a day; write it as YYYY-MM-DD"),
        ({"day": "20260230"}, ("day",), "is not a day"),
        ({"day": "2026-W01-1"}, ("day",), "is not a day"),
        ({"colour": "bleu"}, ("colour",), "did you mean blue?"),
        ({"colour": "green-ish"}, ("colour",), "choose from red, blue"),
        ({"level": "3"}, ("level",), 'is "3"; choose from low, high, 3'),
        ({"names": "one"}, ("names",), "is text; write a list"),
        ({"grid": [[1], [2, "x"]]}, ("grid", 1, 1), "grid[1][1] is text"),
        ({"by_colour": {"blu": 1}}, ("by_colour", "blu"), "did you mean blue?"),
        ({"inner": {}}, ("inner",), "inner lacks label; add it"),
        ({"table": {"a": [{"weight": 1}]}}, ("table", "a", 0), "table.a[0] lacks label"),
        ([], (), "the file is a list; write `key: value` lines"),
        ("text", (), "the file is text"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_wrong_data_is_refused_with_place_and_remedy(
    data: Plain, pointer: tuple[str, ...], said: str
) -> None:
    error = refusal(data)
    assert error.pointer == pointer
    assert said in str(error)


def test_whole_number_serves_as_a_number_and_nothing_as_all_defaults() -> None:
    ratio = decode({"ratio": 2}, Everything).ratio
    assert (ratio, type(ratio)) == (2.0, float)
    assert decode(None, Everything) == Everything()
    assert decode_list(None, Inner) == ()


def test_type_may_check_itself_and_the_error_stands_at_its_place() -> None:
    assert decode({"share": 1}, Bounded).share == 1
    error = refusal({"share": 1.5}, Bounded)
    assert "share is outside 0 to 1; write a share such as 0.1" in str(error)


def test_type_that_no_policy_file_can_hold_is_the_gates_fault() -> None:
    @dataclass(frozen=True)
    class Wrong:
        pair: tuple[int, int] = (1, 2)
        either: int | str = 1
        anything: object = None
        names: list[str] = field(default_factory=list)

    for one in fields(Wrong):
        with pytest.raises(TypeError, match=one.name):
            decode({one.name: [1]}, Wrong)


def test_hostile_text_is_shown_short_and_printable() -> None:
    error = refusal({"x\n\u202e" * 200: 1})
    assert str(error).isprintable()
    assert len(str(error)) < 400
