"""What is recognised by its bytes is exactly what stands in the table, each as itself."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_service.api.reading.spelling import Spelling

LONG = "x" * 60
NAMES = ["a", "b", "ab", LONG, *(f"item-{number:03d}" for number in range(300))]
TEXTS = {b'{"id":"%s"},' % name.encode(): number for number, name in enumerate(NAMES)}
SPELLING = Spelling(TEXTS)


def listed(objects: Sequence[bytes]) -> bytes:
    return b",".join(objects)


def numbers(body: bytes, most: int = 500, before: bytes = b"", after: bytes = b"") -> list[int] | None:
    end = len(before) + len(body)
    codes = SPELLING.codes(before + body + after, len(before), end, b",", most)
    return None if codes is None else codes.tolist()


def spelt(name: str) -> bytes:
    return b'{"id":"%s"}' % name.encode()


@given(
    st.lists(st.integers(0, len(NAMES) - 1), min_size=1, max_size=60),
    st.binary(max_size=9),
    st.binary(max_size=9),
)
@settings(deadline=None)
def test_every_text_is_known_wherever_it_stands(chosen: list[int], before: bytes, after: bytes) -> None:
    body = listed([spelt(NAMES[number]) for number in chosen])
    assert numbers(body, before=before, after=after) == chosen


@given(st.lists(st.integers(0, len(NAMES) - 1), min_size=1, max_size=8), st.data())
@settings(deadline=None, max_examples=300)
def test_no_byte_of_a_list_may_differ(chosen: list[int], data: st.DataObject) -> None:
    body = listed([spelt(NAMES[number]) for number in chosen])
    at = data.draw(st.integers(0, len(body) - 1))
    put = data.draw(st.binary(max_size=3) | st.sampled_from([b"\0", b"}", b",", b"},{", b'{"id":"a"}']))
    spoilt = body[:at] + put + body[at + 1 :]
    expected = (
        [TEXTS.get(one + b"},") for one in spoilt[:-1].split(b"},")] if spoilt.endswith(b"}") else [None]
    )
    assert numbers(spoilt) == (None if None in expected else expected)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"}",
        b"}" * 501,
        b",}",
        b'{"id":"a"}\0',
        b'{"id":"a"}\0,{"id":"b"}',
        b'{"id":"a"}, {"id":"b"}',
        b'{"id":"a"}{"id":"b"}',
        b'{"id":"%s"}' % (b"y" * 100_000),
        b'{"id":"nobody"}',
    ],
)
def test_what_is_not_written_so_is_not_known(body: bytes) -> None:
    assert numbers(body) is None


def test_a_list_that_is_too_long_is_not_read() -> None:
    body = listed([spelt("a")] * 7)
    assert numbers(body, most=7) == [0] * 7
    assert numbers(body, most=6) is None


@pytest.mark.parametrize("count", [1, 2, 3, 5, 1_000])
def test_a_table_of_any_size_knows_all_of_it(count: int) -> None:
    chosen = random.Random(count).sample(range(10**6), count)
    spelling = Spelling({b"{%d}," % number: number for number in chosen})
    body = listed([b"{%d}" % number for number in chosen])
    codes = spelling.codes(body, 0, len(body), b",", count)
    assert codes is not None
    assert codes.tolist() == chosen
