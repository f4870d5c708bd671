import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from guardrails.adapters.laboratory import RunLaboratory
from guardrails.gates.style.gate import GATE
from guardrails.gates.style.rules import RULES
from guardrails.model.change import Stage
from guardrails.model.errors import BoxError, CannotJudge
from guardrails.model.finding import Finding
from guardrails.model.ports import Box
from guardrails.model.rule import Example, Report
from tests.repos.memory import MemoryCache, MemoryTree, context_for

Files = Mapping[str, str | bytes]
LINT = '[tool.ruff.lint]\nselect = ["F", "E7", "I"]\n'
TYPES = "[tool.mypy]\nstrict = true\n"
CACHE = MemoryCache()


def _no_box() -> Box:
    raise BoxError("style runs no project code")


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[RunLaboratory]:
    with RunLaboratory(tmp_path, MemoryTree(), _no_box, CACHE, tmp_path / "cache") as made:
        yield made


def _report(laboratory: RunLaboratory, base: Files, head: Files, stage: Stage = Stage.MERGE) -> Report:
    return GATE.run(context_for(base, head, stage=stage, laboratory=laboratory))


def _new(report: Report) -> tuple[Finding, ...]:
    old = list(report.base_fingerprints)
    fresh = []
    for one in report.findings:
        if one.fingerprint in old:
            old.remove(one.fingerprint)
        else:
            fresh.append(one)
    return tuple(fresh)


def _codes(report: Report) -> list[str]:
    return sorted(f"{one.rule} {one.message.split()[0]}" for one in _new(report))


def _examples(kind: str) -> list[object]:
    return [
        pytest.param(rule.id, one, id=f"{rule.id}-{number}")
        for rule in RULES
        for number, one in enumerate(getattr(rule, kind))
    ]


@pytest.mark.parametrize(("rule", "one"), _examples("bad"))
def test_bad_example_is_found(rule: str, one: Example, laboratory: RunLaboratory) -> None:
    head = {**(one.base or {}), **one.files}
    assert rule in {each.rule for each in _new(_report(laboratory, one.base or {}, head))}


@pytest.mark.parametrize(("rule", "one"), _examples("good"))
def test_good_example_is_clean(rule: str, one: Example, laboratory: RunLaboratory) -> None:
    assert _new(_report(laboratory, one.base or {}, one.files)) == ()


def test_head_cannot_loosen_what_judges_it(laboratory: RunLaboratory) -> None:
    base = {"pyproject.toml": LINT + TYPES}
    head = {
        "pyproject.toml": "[tool.ruff.lint]\nselect = []\n[tool.mypy]\nignore_errors = true\n",
        "ruff.toml": "lint.select = []\n",
        "pkg/.ruff.toml": "lint.select = []\n",
        "mypy.ini": "[mypy]\nignore_errors = true\n",
        "pkg/a.py": "import os\n\nx: int = ''\n",
    }
    assert _codes(_report(laboratory, base, head)) == ["GR901 F401", "GR902 assignment"]


def test_old_findings_stay_old_when_lines_move_or_the_file_is_renamed(laboratory: RunLaboratory) -> None:
    base = {"pyproject.toml": LINT + TYPES, "a.py": "import os\nx: int = ''\n"}
    moved = {**base, "a.py": "y = 1\n\nimport os\nx: int = ''\n"}
    assert _codes(_report(laboratory, base, moved)) == []
    renamed = {"pyproject.toml": LINT + TYPES, "b.py": base["a.py"]}
    assert _codes(_report(laboratory, base, renamed)) == []


def test_second_fault_of_the_same_kind_in_a_file_is_new(laboratory: RunLaboratory) -> None:
    base = {"pyproject.toml": LINT, "a.py": "def f():\n    l = 1\n    return l\n"}
    head = {**base, "a.py": "def f():\n    l = 1\n    return l\ndef g():\n    l = 1\n    return l\n"}
    assert _codes(_report(laboratory, base, head)) == ["GR901 E741"]


def test_nested_configuration_of_base_judges_its_folder(laboratory: RunLaboratory) -> None:
    base = {
        "ruff.toml": 'lint.select = ["F"]\n',
        "old/ruff.toml": 'extend = "../ruff.toml"\nlint.ignore = ["F401"]\n',
    }
    head = {**base, "old/a.py": "import os\n", "new.py": "import os\n"}
    found = _new(_report(laboratory, base, head))
    assert [one.location.path for one in found] == ["new.py"]


def test_only_nested_configuration_leaves_the_rest_alone(laboratory: RunLaboratory) -> None:
    base = {"sub/ruff.toml": 'lint.select = ["F"]\n'}
    head = {**base, "sub/a.py": "import os\n", "top.py": "import os\n"}
    found = _new(_report(laboratory, base, head))
    assert [one.location.path for one in found] == ["sub/a.py"]


def test_import_order_knows_the_modules_of_the_tree(laboratory: RunLaboratory) -> None:
    base = {
        "pyproject.toml": LINT,
        "shop/__init__.py": "",
        "shop/deep/card.py": "",
        "zed.py": "",
        "src/app/__init__.py": "",
    }
    ordered = "import os\n\nimport requests\n\nimport app\nimport zed\nfrom shop.deep.card import x\n"
    ordered += "\nprint(os, requests, app, x, zed)\n"
    assert _codes(_report(laboratory, base, {**base, "shop/a.py": ordered})) == []
    assert _codes(_report(laboratory, base, {**base, "tests/shop/a.py": ordered})) == []


def test_error_in_an_unchanged_caller_is_found_at_merge(laboratory: RunLaboratory) -> None:
    base = {
        "pyproject.toml": TYPES,
        "lib.py": "def f(x: int) -> int:\n    return x\n",
        "app.py": "from lib import f\n\nf(1)\n",
    }
    head = {**base, "lib.py": "def f(x: str) -> str:\n    return x\n"}
    found = _new(_report(laboratory, base, head))
    assert [(one.rule, one.location.path) for one in found] == [("GR902", "app.py")]
    assert _new(_report(laboratory, base, head, Stage.COMMIT)) == ()


def test_plugins_of_base_are_named_and_not_run(laboratory: RunLaboratory) -> None:
    base = {"mypy.ini": "[mypy]\nplugins = planted\n", "planted.py": "open('/tmp/ran', 'w')\n"}
    report = _report(laboratory, base, {**base, "a.py": "x: int = ''\n"})
    assert _codes(report) == ["GR902 assignment"]
    assert any("planted" in one for one in report.facts)


def test_overrides_and_exclusions_of_base_hold(laboratory: RunLaboratory) -> None:
    options = (
        TYPES
        + 'exclude = ["skipped/", "gone"]\n'
        + '[[tool.mypy.overrides]]\nmodule = ["loose", "also.*"]\nignore_errors = true\n'
    )
    base = {"pyproject.toml": options}
    fault = "x: int = ''\n"
    head = {**base, "skipped/a.py": fault, "loose.py": fault, "tight.py": fault}
    assert [one.location.path for one in _new(_report(laboratory, base, head))] == ["tight.py"]


def test_syntax_error_in_head_is_a_finding_and_one_in_base_is_undecided(laboratory: RunLaboratory) -> None:
    base = {"pyproject.toml": LINT + TYPES}
    broken = {**base, "a.py": "def f(:\n"}
    assert {"GR901 invalid-syntax", "GR902 syntax"} <= set(_codes(_report(laboratory, base, broken)))
    repaired = {**base, "a.py": "x: int = ''\n"}
    assert "GR903" in {one.rule for one in _new(_report(laboratory, broken, repaired))}


def test_file_in_another_encoding_is_judged_or_reported_but_never_passes_in_silence(
    laboratory: RunLaboratory,
) -> None:
    base = {"pyproject.toml": LINT}
    report = _report(laboratory, base, {**base, "a.py": b"# coding: latin-1\nimport os  # \xe9\n"})
    assert _new(report)


def test_stubs_notebooks_and_odd_names_are_judged(laboratory: RunLaboratory) -> None:
    notebook = (
        '{"cells": [{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, '
        '"outputs": [], "source": ["import os"]}], "metadata": {"language_info": {"name": "python"}}, '
        '"nbformat": 4, "nbformat_minor": 5}'
    )
    base = {"pyproject.toml": LINT}
    head = {
        **base,
        "a.pyi": "import os\n",
        "n.ipynb": notebook,
        "-o x.py": "import os\n",
        "ü/é.py": "import os\n",
    }
    found = _new(_report(laboratory, base, head, Stage.COMMIT))
    assert sorted(one.location.path for one in found) == ["-o x.py", "a.pyi", "n.ipynb", "ü/é.py"]


def test_suppression_that_moves_to_another_function_is_new(laboratory: RunLaboratory) -> None:
    base = {"a.py": "def f():\n    x()  # noqa: F821\n\ndef g():\n    x()\n"}
    head = {"a.py": "def f():\n    x()\n\ndef g():\n    x()  # noqa: F821\n"}
    assert [one.location.symbol for one in _new(_report(laboratory, base, head))] == ["a.py:g"]


def test_nothing_is_run_where_base_configures_nothing(laboratory: RunLaboratory) -> None:
    report = _report(
        laboratory, {"a.py": "x = 1\n"}, {"a.py": "import os\n", "ruff.toml": "line-length = 9\n"}
    )
    assert report.findings == ()
    assert report.facts == (
        "ruff was not run: base does not configure it",
        "mypy was not run: base does not configure it",
    )


def test_missing_tool_is_undecided(laboratory: RunLaboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(laboratory: RunLaboratory, name: str) -> None:
        raise CannotJudge(f"{name} is not installed")

    monkeypatch.setattr(RunLaboratory, "tool", missing)
    report = _report(laboratory, {"pyproject.toml": LINT}, {"pyproject.toml": LINT, "a.py": "x = 1\n"})
    assert [one.rule for one in report.findings] == ["GR903"]


def test_users_own_configuration_has_no_say(
    laboratory: RunLaboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ruff").mkdir()
    (tmp_path / "ruff" / "ruff.toml").write_text('lint.ignore = ["F401"]\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("RUFF_CONFIG", str(tmp_path / "ruff" / "ruff.toml"))
    base = {"pyproject.toml": LINT}
    assert _codes(_report(laboratory, base, {**base, "a.py": "import os\n"})) == ["GR901 F401"]


def test_ruff_agrees_with_a_run_in_the_tree_itself(laboratory: RunLaboratory, tmp_path: Path) -> None:
    base = {"pyproject.toml": LINT, "shop/__init__.py": "", "shop/b.py": ""}
    head = {**base, "shop/a.py": "import shop.b\nimport os\nfrom zed import *\nl = undefined\n"}
    for path, text in head.items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_text(str(text))
    argv = [*laboratory.tool("ruff").argv, "check", "--no-cache", "--output-format", "concise", "shop/a.py"]
    direct = subprocess.run(argv, cwd=tmp_path / "tree", capture_output=True, text=True, check=False).stdout
    expected = sorted(f"GR901 {line.split()[1]}" for line in direct.splitlines() if line.startswith("shop/"))
    assert _codes(_report(laboratory, base, head, Stage.COMMIT)) == expected
    assert expected
