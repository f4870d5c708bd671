"""`guardrails explain` shows a fault and the same code mended."""

import re

import pytest

from guardrails.cli.explain import page_of
from guardrails.gates.architecture.catalog import checks
from guardrails.model.rule import Example, Rule
from guardrails.wiring import catalog

RULE = catalog().rule("GR103")


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


def test_clean_example_is_of_the_library_that_the_fault_is_of() -> None:
    found, clean = blocks(page_of(RULE))
    assert "requests.get(url)" in found
    assert "requests.get(url, timeout=" in clean


def test_first_clean_example_is_shown_where_none_is_nearer() -> None:
    apart = (Example({"app.py": "alpha = 1\n"}), Example({"app.py": "beta = 1\n"}))
    rule = Rule("GR999", "n", "architecture", "s", "w", "r", RULE.effect, bad=RULE.bad[:1], good=apart)
    assert blocks(page_of(rule))[1] == "alpha = 1\n"


@pytest.mark.parametrize("rule", [pytest.param(one.rule, id=one.rule.id) for one in checks()])
def test_every_rule_shows_both(rule: Rule) -> None:
    page = page_of(rule)
    assert "## Found" in page and "## Clean" in page
