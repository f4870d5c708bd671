"""What holds for each format alike: whole reports as goldens, safe text, same bytes for the same verdict."""

import importlib
import json
import os
import pkgutil
import random
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

import guardrails.report
from guardrails.model.verdict import Verdict
from guardrails.report.format import Format, Presentation
from tests.reports.any_verdict import verdicts
from tests.reports.rich import presented, rich_verdict

GOLDENS = Path(__file__).parents[2] / "reports"


def _formats() -> list[Format]:
    names = [one.name for one in pkgutil.iter_modules(guardrails.report.__path__, "guardrails.report.")]
    modules = [importlib.import_module(name) for name in names]
    return [module.FORMAT for module in modules if hasattr(module, "FORMAT")]


FORMATS = _formats()
every_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)


def golden(name: str, text: str) -> None:
    """Compare with the stored report; `REWRITE_REPORTS=1` stores the new one for review in git."""
    path = GOLDENS / name
    if os.environ.get("REWRITE_REPORTS") == "1":
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_bytes().decode()


def test_formats_have_distinct_names() -> None:
    assert {form.name for form in FORMATS} >= {"agent", "html", "json", "sarif", "terminal"}
    assert len({form.name for form in FORMATS}) == len(FORMATS)


@every_format
def test_rich_verdict_is_reported_as_its_golden(form: Format) -> None:
    golden(f"rich.{form.name}.{form.extension}", form.render(rich_verdict(), presented()))


def test_narrow_coloured_terminal_is_reported_as_its_golden() -> None:
    form = next(form for form in FORMATS if form.name == "terminal")
    golden("rich.narrow-colour.txt", form.render(rich_verdict(), presented(width=60, colour=True)))


@every_format
def test_order_of_findings_and_gates_does_not_matter(form: Format) -> None:
    verdict = rich_verdict()
    findings, gates = list(verdict.findings), list(verdict.gates)
    random.Random(3).shuffle(findings)
    shuffled = replace(verdict, findings=tuple(findings), gates=tuple(reversed(gates)))
    assert gates != list(shuffled.gates)
    assert form.render(shuffled, presented()) == form.render(verdict, presented())


@every_format
@settings(max_examples=60, deadline=None)
@given(verdict=verdicts())
def test_any_verdict_is_plain_visible_text(form: Format, verdict: Verdict) -> None:
    text = form.render(verdict, Presentation())
    text.encode()
    assert text.endswith("\n")
    odd = {one for one in text if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert odd <= {"\n"}


@every_format
def test_every_gate_and_every_counting_finding_is_shown(form: Format) -> None:
    verdict = rich_verdict()
    text = form.render(verdict, presented())
    assert all(finding.rule in text for finding in verdict.findings if finding.counts)
    assert "models/active.lock is unchanged" in text
    assert "the service did not start" in text


def test_only_json_and_sarif_hold_findings_that_do_not_count_in_full() -> None:
    for form in FORMATS:
        if form.name in {"json", "sarif"}:
            assert "the vendor's client has none" in json.dumps(
                json.loads(form.render(rich_verdict(), presented()))
            )
