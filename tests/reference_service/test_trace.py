"""The traceparent header: what is written is read, and nothing else is."""

from hypothesis import given
from hypothesis import strategies as st

from reference_service.trace import Parent, header_of, parent_in


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans())
def test_what_is_written_is_read(trace: int, span: int, sampled: bool) -> None:
    written = header_of(trace, span, sampled=sampled)
    assert parent_in(written.encode()) == Parent(trace, span, sampled)


@given(st.binary(max_size=80))
def test_anything_else_is_no_parent_and_no_crash(text: bytes) -> None:
    parent = parent_in(text)
    assert (
        parent is None
        or header_of(parent.trace_id, parent.span_id, sampled=parent.sampled)[:52].encode() in text
    )


def test_a_later_version_may_say_more() -> None:
    assert parent_in(b"01-" + b"a" * 32 + b"-" + b"b" * 16 + b"-03-more") is not None
    assert parent_in(b"01-" + b"a" * 32 + b"-" + b"b" * 16 + b"-03\n") is None
