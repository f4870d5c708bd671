"""Writes the tables of rules in AGENTS.md and the guide anew: `python -m tests.docs.tables_of_rules`."""

from guardrails.gates.architecture.catalog import rules_of_the_gate
from tests.docs.documents import ROOT
from tests.docs.test_rules import BEGIN, END, PAGES

if __name__ == "__main__":
    for name, table in PAGES.items():
        text = (ROOT / name).read_text("utf-8")
        before, _, rest = text.partition(BEGIN)
        after = rest.partition(END)[2]
        (ROOT / name).write_text(f"{before}{BEGIN}\n{table(rules_of_the_gate())}\n{END}{after}", "utf-8")
