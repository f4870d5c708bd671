"""Comments that let a finding stand: which count, what they cover, and what is said of the others."""

from collections.abc import Mapping
from datetime import date

import pytest

from guardrails.analysis.code.build import facts_of
from guardrails.engine.judge import Ledger, judge
from guardrails.engine.plan import Plan, PlannedGate
from guardrails.gates.architecture.allowances import INVALID_ALLOWANCE, UNUSED_ALLOWANCE, allowances_in
from guardrails.model.change import Stage
from guardrails.model.finding import Finding, Status
from guardrails.model.policy import Policy
from guardrails.model.rule import Example, Rule
from tests.guardrails.gates.architecture.judged import found, report_on, rules_found

TODAY = date(2026, 1, 15)
ALLOW = '# guardrails: allow[GR102] until=2999-01-01 reason="the driver has no async API"'
CLEAN = "import time\n\n\nasync def rank():\n    return []\n"
BLOCKS = "import time\n\n\nasync def rank():\n    time.sleep(1)\n"


REASON = "allowed until 2999-01-01: the driver has no async API"


def code(line: str = "    time.sleep(1)", header: str = "async def rank():", above: str = "") -> str:
    return f"import time\n\n\n{above}{header}\n{line}\n"


def judged(head: str, base: str | None) -> tuple[Finding, ...]:
    """Return the findings with the status that the judge gives them."""
    report = report_on({"app.py": head}, {"app.py": base} if base is not None else None)
    plan = Plan(Stage.MERGE, (PlannedGate("architecture"),))
    return judge(plan, {"architecture": report}, Ledger(Policy(stages={}), TODAY)).findings


def status_of(rule: str, findings: tuple[Finding, ...]) -> Status:
    (status,) = [one.status for one in findings if one.rule == rule]
    return status


@pytest.mark.parametrize(
    "head",
    [
        code(f"    time.sleep(1)  {ALLOW}"),
        code(f"    {ALLOW}\n    time.sleep(1)"),
        code(f"    time.sleep(\n        1,  {ALLOW}\n    )"),
        code(header=f"async def rank():  {ALLOW}"),
        code(above=f"{ALLOW}\n"),
    ],
    ids=["behind", "above", "inside", "behind-the-def", "above-the-def"],
)
def test_comment_that_a_change_adds_does_not_excuse_it(head: str) -> None:
    assert status_of("GR102", judged(head, CLEAN)) is Status.NEW


@pytest.mark.parametrize(
    ("head", "base"),
    [
        (code(header=f"async def rank():  {ALLOW}"), CLEAN.replace("rank():", f"rank():  {ALLOW}")),
        (code(above=f"{ALLOW}\n"), CLEAN.replace("async", f"{ALLOW}\nasync")),
    ],
    ids=["behind-the-def", "above-the-def"],
)
def test_comment_that_base_has_on_the_function_excuses_what_is_new_in_it(head: str, base: str) -> None:
    findings = judged(head, base)

    assert status_of("GR102", findings) is Status.WAIVED
    assert next(one for one in findings if one.rule == "GR102").status_reason == REASON


def test_comment_of_base_excuses_no_other_statement_of_its_line() -> None:
    base = CLEAN.replace("    return []", f"    return []  {ALLOW}")

    assert status_of("GR102", judged(code(f"    time.sleep(1)  {ALLOW}"), base)) is Status.NEW


def test_comment_of_base_excuses_its_statement_when_a_helper_begins_to_block() -> None:
    helper, user = (
        "import time\n\n\ndef fetch():\n    {}\n",
        (f"from helper import fetch\n\n\nasync def rank():\n    fetch()  {ALLOW}\n"),
    )
    head = {"helper.py": helper.format("time.sleep(1)"), "app.py": user}
    base = {"helper.py": helper.format("return 1"), "app.py": user}
    report = report_on(head, base)

    (finding,) = report.findings
    assert (finding.rule, report.excused) == ("GR102", ((finding.fingerprint, REASON),))


@pytest.mark.parametrize(
    "comment",
    [
        "# guardrails: allow[GR102]",
        '# guardrails: allow[GR102] until=2999-01-01 reason=""',
        '# guardrails: allow[GR102] until=2020-01-01 reason="soon"',
        '# guardrails: allow[GR102] until=2999-02-30 reason="soon"',
        '# guardrails: allow[GR102] until=2999-01-01 reason="soon" forever',
        '# guardrails: allow[GR501] until=2999-01-01 reason="soon"',
        '# guardrails: allow[] until=2999-01-01 reason="soon"',
        '# Guardrails: disable=GR102 until=2999-01-01 reason="soon"',
    ],
)
def test_malformed_or_ended_comment_excuses_nothing_and_says_so(comment: str) -> None:
    header = f"async def rank():  {comment}"
    findings = judged(code(header=header), CLEAN.replace("async def rank():", header))

    assert status_of("GR102", findings) is Status.NEW
    assert status_of("GR107", findings) is Status.OLD


def test_last_day_still_counts() -> None:
    (one,) = allowances_in(facts_of(b'import os  # guardrails: allow[GR103] until=2026-01-15 reason="x"\n'))

    assert one.invalid(TODAY) == ""
    assert one.invalid(date(2026, 1, 16)) == "it ended on 2026-01-15"


def test_one_comment_may_allow_several_rules_and_name_a_ticket() -> None:
    text = b'import os  # guardrails: allow[GR103, GR102] until=2026-02-01 reason="a = b" ticket=PAY-1\n'
    (one,) = allowances_in(facts_of(text))

    assert (one.rules, one.reason, one.problem) == (("GR103", "GR102"), "a = b", "")


def test_comment_that_excuses_nothing_is_noted_and_one_that_does_is_not() -> None:
    assert rules_found({"app.py": code(header=f"async def rank():  {ALLOW}")}) == {"GR102"}
    assert rules_found({"app.py": code("    return []", header=f"async def rank():  {ALLOW}")}) == {"GR108"}


@pytest.mark.parametrize("rule", [INVALID_ALLOWANCE, UNUSED_ALLOWANCE], ids=lambda rule: rule.id)
def test_examples_are_what_they_say(rule: Rule) -> None:
    assert len(rule.bad) >= 3
    assert len(rule.good) >= 3
    assert [one for one in rule.bad if rule.id not in _rules(one)] == []
    assert [one for one in rule.good if _rules(one)] == []


def _rules(one: Example) -> set[str]:
    files: Mapping[str, str] = one.files
    return {each.rule for each in found(files)}
