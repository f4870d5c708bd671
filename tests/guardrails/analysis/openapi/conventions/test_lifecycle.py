"""What base announced for a day may not go before that day."""

from datetime import date

import pytest

from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.documents import document_of
from tests.guardrails.analysis.openapi.operations.builders import OK, parameter, taking
from tests.guardrails.analysis.openapi.pairs import Object, document

TODAY = date(2026, 5, 1)


def gone(announced: Object, today: date | None) -> tuple[str, str]:
    """Return level and message of an operation that is removed, and was deprecated so."""
    base = document({**OK, "deprecated": True, **announced})
    found = differences(document_of(base), document_of({**base, "paths": {}}), today=today)
    return found[0].level.value, found[0].message


@pytest.mark.parametrize(
    ("sunset", "level", "said"),
    [
        ("2026-04-30", "safe", ", which base announced for '2026-04-30'"),
        ("2026-05-01", "safe", ", which base announced for '2026-05-01'"),
        ("2026-05-02T00:00:00Z", "breaking", " too early, which base announced for '2026-05-02T00:00:00Z'"),
        ("next year", "breaking", " too early, which base announced for 'next year'"),
    ],
)
def test_operation_stays_until_the_day_that_base_named(sunset: str, level: str, said: str) -> None:
    assert gone({"x-sunset": sunset}, TODAY) == (level, f"POST /things/{{id}} is gone{said}")


def test_operation_without_a_day_may_go_at_any_time() -> None:
    assert gone({}, TODAY) == ("safe", "POST /things/{id} is gone, as base announced")
    assert gone({"x-sunset": "2999-01-01"}, None)[0] == "safe"


@pytest.mark.parametrize(("sunset", "level"), [("2026-04-30", "safe"), ("2999-01-01", "unknown")])
def test_parameter_stays_until_the_day_that_base_named(sunset: str, level: str) -> None:
    going: Object = {**parameter(deprecated=True), "x-sunset": sunset}
    base, head = document_of(taking(going)), document_of(taking())

    assert [one.level.value for one in differences(base, head, today=TODAY)] == [level]
