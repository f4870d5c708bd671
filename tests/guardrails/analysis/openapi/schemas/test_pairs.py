"""Narrowing is a break with a witness, widening and equal refactors are none; in requests and in answers."""

import pytest

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import document, found, operation
from tests.guardrails.analysis.openapi.schemas.equal import EQUAL
from tests.guardrails.analysis.openapi.schemas.narrowed import NARROWED


def judged(base: Json, head: Json, *, answer: bool) -> tuple[str, bool]:
    """Return the worst level, and whether a witness proves it."""
    name = "answer" if answer else "body"
    base_document, head_document = (document(operation(**{name: one})) for one in (base, head))
    differences = found(base_document, head_document)
    return (
        (differences[0].level.value, differences[0].witness is not None) if differences else ("same", False)
    )


@pytest.mark.parametrize("name", NARROWED)
def test_what_takes_less_breaks_requests_and_widening_breaks_answers(name: str) -> None:
    wide, narrow = NARROWED[name]

    assert judged(wide, narrow, answer=False) == ("breaking", True)
    assert judged(narrow, wide, answer=True) == ("breaking", True)


@pytest.mark.parametrize("name", NARROWED)
def test_what_takes_more_breaks_no_request_and_narrowing_no_answer(name: str) -> None:
    wide, narrow = NARROWED[name]

    assert judged(narrow, wide, answer=False)[0] in {"safe", "same"}
    assert judged(wide, narrow, answer=True)[0] in {"safe", "same"}


@pytest.mark.parametrize("name", EQUAL)
def test_equal_refactors_break_nothing(name: str) -> None:
    one, other = EQUAL[name]

    for base, head in ((one, other), (other, one)):
        assert judged(base, head, answer=False)[0] in {"safe", "same"}
        assert judged(base, head, answer=True)[0] in {"safe", "same"}
