"""The JSON report against its schema, and where measured numbers may stand."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings

import guardrails.report
from guardrails.model.evidence import Interval, Movement, Transcript, Witness
from guardrails.model.finding import Finding
from guardrails.model.verdict import Verdict
from guardrails.report.content.values import EVIDENCE_CHARACTERS, Json, without_secrets
from guardrails.report.format import Presentation
from guardrails.report.json_v1 import FORMAT
from tests.reports.any_verdict import verdicts
from tests.reports.rich import HOSTILE_PATH, rich_verdict

SCHEMA = json.loads((Path(guardrails.report.__path__[0]) / "schema" / "verdict-1.json").read_text())


def _sealed(schema: Json) -> Json:
    """Return the schema with every object closed: users may meet new fields, this version may not."""
    if isinstance(schema, list):
        return [_sealed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    sealed = {key: _sealed(part) for key, part in schema.items()}
    return {**sealed, "additionalProperties": False} if "required" in schema else sealed


VALIDATOR = jsonschema_rs.Draft202012Validator(json.dumps(_sealed(SCHEMA)))


def _told(verdict: Verdict) -> dict[str, Json]:
    told = json.loads(FORMAT.render(verdict, Presentation()))
    assert isinstance(told, dict)
    return told


def test_schema_is_a_schema() -> None:
    jsonschema_rs.meta.validate(SCHEMA)


@settings(max_examples=100, deadline=None)
@given(verdicts())
def test_any_verdict_is_ascii_json_that_the_schema_describes(verdict: Verdict) -> None:
    text = FORMAT.render(verdict, Presentation())
    assert text.isascii()
    VALIDATOR.validate(json.loads(text))


@settings(max_examples=100, deadline=None)
@given(verdicts())
def test_measured_numbers_alter_nothing_outside_of_measured(verdict: Verdict) -> None:
    findings = tuple(map(_measured_again, verdict.findings))
    again = _told(replace(verdict, findings=findings, measured={"latency": {"seconds": 3.5}}))
    told = _told(verdict)
    assert {**again, "measured": None} == {**told, "measured": None}


def _measured_again(finding: Finding) -> Finding:
    evidence = tuple(
        replace(one, estimate=8.5, low=7.5, high=9.5, confidence=0.75, samples=12345)
        if isinstance(one, Interval)
        else one
        for one in finding.evidence
    )
    return replace(finding, evidence=evidence)


@given(verdicts())
@settings(max_examples=50, deadline=None)
def test_every_finding_is_there_under_an_id_of_its_own(verdict: Verdict) -> None:
    findings = _told(verdict)["findings"]
    assert isinstance(findings, list)
    assert len(findings) == len(verdict.findings)
    assert len({one["id"] for one in findings}) == len(findings)


def test_path_that_is_no_utf8_has_its_exact_bytes_beside_it() -> None:
    findings = _told(rich_verdict())["findings"]
    assert isinstance(findings, list)
    odd = next(one for one in findings if one["rule"] == "GR510")
    assert odd["path"].endswith(r"\xff.py")
    assert bytes.fromhex(odd["path_bytes"]) == HOSTILE_PATH.encode("utf-8", "surrogateescape")
    assert all("path_bytes" not in one for one in findings if one is not odd)


def test_second_identical_finding_gets_a_number() -> None:
    ids = [str(one["id"]) for one in json.loads(FORMAT.render(rich_verdict(), Presentation()))["findings"]]
    repeats = [one for one in ids if one.endswith(".2")]
    assert len(repeats) == 1
    assert repeats[0].removesuffix(".2") in ids


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_number_that_json_lacks_is_null(number: float) -> None:
    told = _told(replace(rich_verdict(), measured={"latency": {"seconds": number}}))
    measured = told["measured"]
    assert isinstance(measured, dict)
    assert measured["gates"] == {"latency": {"seconds": None}}


def test_proof_of_any_length_is_bounded_and_its_digest_is_not() -> None:
    long = "x" * 50_000
    orders = tuple(f"track-{number:05}" for number in range(5_000))
    evidence = (
        Witness(long, long, long),
        Movement(long, "set", orders, orders[::-1]),
        Transcript(long, long),
    )
    finding = replace(rich_verdict().findings[0], evidence=evidence)
    text = FORMAT.render(replace(rich_verdict(), findings=(finding,)), Presentation())
    told = json.loads(text)["findings"][0]
    assert len(text) < 8 * EVIDENCE_CHARACTERS * 2
    assert told["evidence"][0]["request"] == "x" * (EVIDENCE_CHARACTERS - 1) + "…"
    assert sum(map(len, told["evidence"][1]["base"])) <= EVIDENCE_CHARACTERS
    assert told["evidence_digest"] == finding.evidence_digest


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        (
            "requests.get('https://ann:hunter2@shop.example/x')",
            "requests.get('https://(hidden)@shop.example/x')",
        ),
        ("client('Xk29slPq81zzTXk29slPq81zzT')", "client('(hidden)')"),
        ("test_that_a_long_name_of_20_letters_stays", "test_that_a_long_name_of_20_letters_stays"),
    ],
)
def test_a_subject_shows_no_secret_of_the_code(subject: str, shown: str) -> None:
    assert without_secrets(subject) == shown
