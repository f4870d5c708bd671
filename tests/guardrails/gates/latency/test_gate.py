"""The latency gate on two services whose cost differs by a lot, started for real, in a real box."""

from pathlib import Path

import pytest

from guardrails.gates.latency.gate import GATE
from guardrails.gates.latency.settings import Settings
from guardrails.model.errors import CannotJudge
from guardrails.model.evidence import Interval
from guardrails.model.policy import Service
from guardrails.model.rule import Report
from tests.repos.boxed import boxed_laboratory
from tests.repos.memory import MemoryTree, context_for

APP = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    total = sum(range(20_000))
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"{}"})
"""
BASE = {
    "shop/app.py": APP,
    "promises/golden/plain.yaml": "request: {operation: GET /}",
}
SHOP = Service("shop", ("shop",), app="shop.app:app", contract="promises")
QUICK = Settings(tolerated_growth=0.5, least_launches=2, most_launches=6, rounds=60)


def judged(folder: Path, head: str, base: dict[str, str] | None = None) -> Report:
    before = BASE if base is None else base
    with boxed_laboratory(folder, MemoryTree(before)) as laboratory:
        context = context_for(
            before,
            {**before, "shop/app.py": head},
            services=(SHOP,),
            laboratory=laboratory,
            settings={"latency": QUICK},
        )
        return GATE.run(context)


def test_twelve_times_the_work_is_found_with_an_interval_that_excludes_the_tolerance(tmp_path: Path) -> None:
    report = judged(tmp_path, APP.replace("20_000", "240_000"))
    (finding,) = report.findings
    assert finding.rule == "GR301"
    (interval,) = finding.evidence
    assert isinstance(interval, Interval)
    assert interval.low > 1.5
    assert not any(letter.isdigit() for letter in finding.message)


def test_a_quarter_of_the_work_is_no_finding(tmp_path: Path) -> None:
    report = judged(tmp_path, APP.replace("20_000", "5_000"))
    assert report.findings == ()
    assert report.measured["shop ratio high"] < 1.5


def test_a_head_that_does_not_answer_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(CannotJudge):
        judged(tmp_path, "raise SystemExit(3)")


def test_a_service_without_requests_is_undecided(tmp_path: Path) -> None:
    report = judged(tmp_path, APP + "\n", base={"shop/app.py": APP})
    assert [one.rule for one in report.findings] == ["GR303"]
