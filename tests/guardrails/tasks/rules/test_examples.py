"""`guardrails rules test` on the rule files of a real repository."""

from pathlib import Path

import pytest

from guardrails.cli.main import main
from tests.guardrails.gates.architecture.team.test_team_rules import DECLARED, POLICY, PROGRAM
from tests.repos.boxed import real_box
from tests.repos.builder import RepositoryBuilder


def exit_of(folder: Path, rules: dict[str, str]) -> int:
    """Return the exit code of `guardrails rules test` on rule files that are not committed."""
    made = RepositoryBuilder(folder).write("policies/guardrails.yaml", POLICY)
    made.commit("first")
    made.write_all({f"policies/rules/{name}": text for name, text in rules.items()})
    return main(["rules", "test", "--repo", str(folder)])


def test_examples_that_hold_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real_box()
    assert exit_of(tmp_path, {"db.yaml": DECLARED, "names.py": PROGRAM}) == 0
    assert capsys.readouterr().out == "ok  SHOP001: 2 examples\nok  SHOP002: 2 examples\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "db.yaml",
            DECLARED.replace("legacy.db, ", "").replace("legacy.db.,", ""),
            "finds nothing in bad example 1",
        ),
        (
            "db.yaml",
            DECLARED.replace("import shop.store", "print(1)"),
            "in good example 1: line 1: builtins.print",
        ),
        ("db.yaml", DECLARED.split("bad:")[0], "has no bad example"),
        (
            "names.py",
            PROGRAM.replace("def paid", "def handle"),
            "in good example 1: line 1: a function is called",
        ),
        ("names.py", PROGRAM.replace('"FunctionDef"', '"ClassDef"'), "finds nothing in bad example 1"),
        ("names.py", "1 / 0", "could not be tried: ZeroDivisionError"),
        ("names.py", "import os\nos._exit(3)", "could not be tried: exit 3"),
    ],
)
def test_examples_that_do_not_hold_fail_and_say_which(
    name: str, text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real_box()
    assert exit_of(tmp_path, {name: text}) == 1
    assert said in capsys.readouterr().out


def test_no_rule_at_all_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_of(tmp_path, {}) == 0
    assert "holds no rule" in capsys.readouterr().out


def test_rule_of_the_team_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = RepositoryBuilder(tmp_path).write("policies/guardrails.yaml", POLICY)
    made.write("policies/rules/db.yaml", DECLARED).commit("first")
    monkeypatch.chdir(tmp_path)

    assert main(["explain", "SHOP001"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("# SHOP001 legacy-db\n\nThe old database layer is used.\n")
    assert "Use shop.store.Table instead." in page
    assert main(["explain", "SHOP009"]) == 2
