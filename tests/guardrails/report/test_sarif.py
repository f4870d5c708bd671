"""The SARIF report against a schema of what we write of it, and what a code host does with it.

Where SARIF_SCHEMA names a copy of the standard's own schema, every report is held to that too.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any  # SARIF is read here as plain JSON

import jsonschema_rs
from hypothesis import given, settings

from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.verdict import Outcome, Verdict
from guardrails.report.format import Presentation
from guardrails.report.sarif import FORMAT
from tests.reports.any_verdict import verdicts
from tests.reports.rich import presented, rich_verdict

SCHEMAS = [Path(__file__).parents[2] / "reports" / "sarif-subset.json"]
SCHEMAS += [Path(name) for name in [os.environ.get("SARIF_SCHEMA", "")] if name]
VALIDATORS = [jsonschema_rs.validator_for(json.loads(path.read_text())) for path in SCHEMAS]


def _run(verdict: Verdict, presentation: Presentation | None = None) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(FORMAT.render(verdict, presentation or presented()))["runs"][0]
    return run


def _results(rule: str) -> list[dict[str, Any]]:
    return [one for one in _run(rich_verdict())["results"] if one["ruleId"] == rule]


@settings(max_examples=40, deadline=None)
@given(verdicts())
def test_any_verdict_is_sarif(verdict: Verdict) -> None:
    _validate(FORMAT.render(verdict, Presentation()))


def test_rich_verdict_is_sarif() -> None:
    _validate(FORMAT.render(rich_verdict(), presented()))


def _validate(report: str) -> None:
    for validator in VALIDATORS:
        validator.validate(json.loads(report))


def test_schema_refuses_what_is_no_sarif() -> None:
    report = json.loads(FORMAT.render(rich_verdict(), presented()))
    assert VALIDATORS[0].is_valid(report)
    report["runs"][0]["results"][0]["level"] = "block"
    assert not VALIDATORS[0].is_valid(report)


def test_levels_follow_effects() -> None:
    levels = {one["properties"]["effect"]: one["level"] for one in _run(rich_verdict())["results"]}
    assert levels == {"block": "error", "undecided": "error", "review": "warning", "note": "note"}


def test_every_result_points_to_its_rule() -> None:
    run = _run(rich_verdict())
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    known = next(rule for rule in rules if rule["id"] == "GR101")
    assert "asyncio.to_thread" in known["help"]["markdown"]


def test_accepted_findings_are_suppressed_with_their_reason() -> None:
    reasons = {
        rule: _results(rule)[0]["suppressions"][0]["justification"] for rule in ("GR105", "GR503", "GR901")
    }
    assert reasons["GR105"].startswith("ana until 2026-12-31")
    assert reasons["GR901"] == "recorded in base's baseline"
    assert "suppressions" not in _results("GR104")[0]
    assert "suppressions" not in _results("GR701")[0], "a dispute accepts nothing"


def test_old_findings_are_unchanged_and_others_new() -> None:
    states = {one["properties"]["status"]: one["baselineState"] for one in _run(rich_verdict())["results"]}
    assert {status for status, state in states.items() if state == "unchanged"} == {"old", "baselined"}


def test_call_chain_is_a_code_flow_in_its_order() -> None:
    flow = next(one for one in _results("GR101") if "codeFlows" in one)["codeFlows"][0]["threadFlows"][0]
    symbols = [step["location"]["message"]["text"] for step in flow["locations"]]
    assert symbols[0].endswith("rank_cards")
    assert symbols[-1] == "requests.get"


def test_odd_path_is_a_percent_encoded_relative_uri() -> None:
    uri = _results("GR510")[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "tests/%1B%5B2K%0Apass%20%E2%80%AEyp.tset%FF.py"


def test_finding_on_a_whole_file_has_no_region_and_one_on_the_change_no_location() -> None:
    assert "region" not in _results("GR501")[0]["locations"][0]["physicalLocation"]
    assert "locations" not in _results("GR301")[0]


def test_absolute_path_cannot_name_a_host() -> None:
    finding = Finding("GR1", "external", Effect.NOTE, Location("//evil.example/a", 1), "m", "r")
    run = _run(replace(rich_verdict(), findings=(finding,)))
    assert (
        run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "evil.example/a"
    )


def test_message_cannot_hold_a_link() -> None:
    assert r"\[approve\](https://evil.example)" in _results("GR510")[0]["message"]["text"]


def test_run_that_could_not_judge_has_not_succeeded() -> None:
    run = _run(replace(rich_verdict(), outcome=Outcome.UNDECIDED))
    assert run["invocations"][0]["executionSuccessful"] is False
    told = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert "gate promotion skipped: models/active.lock is unchanged" in told
