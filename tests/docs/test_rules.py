"""The tables of rules in the documents are what the rule files say."""

import pytest

from guardrails.cli.rules import agents_table_of, table_of
from guardrails.gates.architecture.catalog import rules_of_the_gate
from tests.docs.documents import ROOT

BEGIN, END = "<!-- rules begin -->\n", "<!-- rules end -->\n"
PAGES = {"AGENTS.md": agents_table_of, "guardrails/guide/rules.md": table_of}


@pytest.mark.parametrize("name", PAGES)
def test_table_of_rules_is_what_the_rule_files_say(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    held = text.partition(BEGIN)[2].partition(END)[0].strip("\n")
    expected = PAGES[name](rules_of_the_gate()).rstrip("\n")
    assert held == expected, f"write it anew: python -m tests.docs.tables_of_rules ({name})"
