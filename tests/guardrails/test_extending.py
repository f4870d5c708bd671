"""A rule is one new file, a gate one new folder, a format one new file, and nothing else is edited."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "guardrails"

GATE = '''
"""A gate that objects to files whose name shouts."""

from dataclasses import dataclass

from guardrails.model.change import Stage
from guardrails.model.finding import Effect, Location
from guardrails.model.gate import Context, Gate
from guardrails.model.rule import Report, Rule, finding_of


@dataclass(frozen=True, slots=True)
class Settings:
    """No settings."""


SHOUTING = Rule(
    id="GR999",
    name="shouting-file-name",
    gate="names",
    summary="A file's name shouts",
    why="Nobody likes to be shouted at.",
    remedy="Write the name in small letters.",
    effect=Effect.BLOCK,
)


def judge(context: Context) -> Report:
    return Report(
        tuple(
            finding_of(SHOUTING, context.effect_of(SHOUTING), Location(file.path), f"{file.path!r} shouts")
            for file in context.change.files
            if file.new and file.path.isupper()
        )
    )


GATE = Gate("names", "file names", frozenset({Stage.COMMIT}), Settings, lambda: (SHOUTING,), judge)
'''
FORMAT = '''
"""One word."""

from guardrails.report.format import Format

FORMAT = Format("word", "txt", lambda verdict, presentation: verdict.outcome.value + "!")
'''


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "guardrails", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(copy: Path, *words: str, directory: Path | None = None) -> subprocess.CompletedProcess[str]:
    variables = {
        "PYTHONPATH": str(copy),
        "XDG_CACHE_HOME": str(copy / "cache"),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    return subprocess.run(
        [sys.executable, "-m", "guardrails", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=directory or copy,
        env={**os.environ, **variables},
    )


def test_adding_a_rule_is_one_new_file(copy: Path) -> None:
    rules = copy / "guardrails" / "gates" / "architecture" / "rules"
    neighbour = next(rules.glob("gr105_*.py")).read_text("utf-8")
    (rules / "gr198_my_rule.py").write_text(
        neighbour.replace('"GR105"', '"GR198"').replace('name="', 'name="my-'), "utf-8"
    )
    assert "GR198" in run(copy, "rules").stdout
    assert run(copy, "explain", "GR198").stdout.startswith("# GR198 my-")


def test_adding_a_gate_is_one_new_folder_and_a_format_one_new_file(copy: Path, tmp_path: Path) -> None:
    folder = copy / "guardrails" / "gates" / "names"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Names of files."""\n')
    (folder / "gate.py").write_text(GATE)
    (copy / "guardrails" / "report" / "word.py").write_text(FORMAT)
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    (repository / "LOUD").write_text("x\n")
    subprocess.run(["git", "-C", str(repository), "add", "LOUD"], check=True)
    judged = run(copy, "check", "--format", "word", directory=repository)
    assert (judged.returncode, judged.stdout) == (1, "block!")
    assert "names" in run(copy, "gates").stdout
