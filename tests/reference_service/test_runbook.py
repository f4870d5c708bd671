"""The runbook: every page is found from its index, and every signal that it names exists."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from starlette.testclient import TestClient

from reference_service.api.responses import DegradedReason
from reference_service.app import create_app
from reference_service.logs import Word
from reference_service.settings import Settings

GUIDE = Path(__file__).parents[2] / "guardrails" / "guide"
INDEX = GUIDE / "runbook.md"
PAGES = sorted((GUIDE / "runbook").glob("*.md"))


@pytest.fixture(scope="module")
def series() -> set[str]:
    """Every metric of the service, by the names that a query uses."""
    with TestClient(create_app(Settings(clock=datetime(2026, 1, 1, tzinfo=UTC)))) as client:
        text = client.get("/metrics").text
    families = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)
    return {name for name, _ in families} | {
        f"{name}{end}"
        for name, kind in families
        if kind == "histogram"
        for end in ("_bucket", "_sum", "_count")
    }


def test_every_page_is_linked_from_the_index() -> None:
    linked = re.findall(r"\]\((runbook/[a-z-]+\.md)\)", INDEX.read_text("utf-8"))
    assert sorted(linked) == [f"runbook/{page.name}" for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_shows_it_what_the_service_does_and_what_to_do(page: Path) -> None:
    text = page.read_text("utf-8")
    places = [text.index(words) for words in ("**You see**", "**What the service does", "**What to do.**")]
    assert places == sorted(places)


@pytest.mark.parametrize("page", [INDEX, *PAGES], ids=lambda page: page.stem)
def test_every_metric_log_line_reason_and_variable_that_a_page_names_exists(
    page: Path, series: set[str]
) -> None:
    text = page.read_text("utf-8")
    assert set(re.findall(r"\bnow_playing_\w+", text)) <= series | {"now_playing_"}
    assert set(re.findall(r"\bNOW_PLAYING_(\w+)", text)) <= {name.upper() for name in Settings.__slots__}
    assert set(re.findall(r'reason="(\w+)"', text)) <= set(get_args(DegradedReason))
    lines = re.findall(r"log lines? `(\w+)`(?: and `(\w+)`)?", text)
    assert {word for pair in lines for word in pair if word} <= set(get_args(Word))
