"""The stored changes keep applying to the code around them, and show every family of fault."""

from pathlib import Path

import pytest

from examples.stored import Edit, StaleChange, StoredChange, stored_changes
from guardrails.adapters.git.inputs import Patch, open_change
from guardrails.model.verdict import Outcome

ROOT = Path(__file__).resolve().parents[2]
CHANGES = stored_changes()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_stored_change_applies_to_the_last_commit(change: StoredChange) -> None:
    with open_change(ROOT, Patch(change.patch(ROOT).encode())) as opened:
        touched = {file.path for file in opened.change.files}
    assert touched == {edit.path for edit in change.edits} | set(change.new)


def test_there_are_good_changes_and_every_blocked_one_names_its_rule() -> None:
    assert len(CHANGES) >= 12
    assert sum(change.expected is Outcome.PASS for change in CHANGES) >= 3
    assert all(change.because for change in CHANGES if change.expected is not Outcome.PASS)


def test_an_edit_finds_its_lines_at_another_depth() -> None:
    edit = Edit("a.py", "x = 1\nif x:\n    y = 2\n", "x = 2\n")
    assert edit.apply("def f():\n    x = 1\n    if x:\n        y = 2\n    return x\n") == (
        "def f():\n    x = 2\n    return x\n"
    )


@pytest.mark.parametrize("text", ["y = 1\n", "x = 1\nx = 1\n"])
def test_an_anchor_that_is_gone_or_stands_twice_is_refused_by_name(text: str) -> None:
    with pytest.raises(StaleChange, match=r"'x = 1' stands [02] times in a.py"):
        Edit("a.py", "x = 1\n", "x = 2\n").apply(text)
