"""What a commit hook imports: doors without their rooms, and nothing heavy for a clean change.

Each of the heavy modules was measured to cost a hook between 1 and 300 CPU ms.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.repos.builder import RepositoryBuilder, isolated_environment

ROOT = Path(__file__).resolve().parents[2]
GATES = sorted(one.parent.name for one in (ROOT / "guardrails" / "gates").glob("*/gate.py"))
HEAVY = frozenset(
    {
        *("ctypes", "dataclasses", "difflib", "inspect", "json", "random", "shutil", "ssl", "tarfile"),
        *("tempfile", "textwrap", "tokenize", "tomllib"),
        *("jinja2", "libcst", "numpy", "pydantic", "rich", "yaml"),
    }
)
POLICY = """version: 1
services:
  - {name: shop, app: "cart:app", root: ., paths: [.]}
"""
# A clean change asks nobody, so it reads no approval and no dispute.
CONSENT = (
    "guardrails.adapters.consent",
    "guardrails.adapters.unjudged",
    "guardrails.engine.consent",
    "guardrails.model.approval",
)
# The processes of a run are forks of the first one, so they tell too what they import.
WATCHED = """
import os, sys
def tell(event, told):
    if event == "import":
        os.write(2, f"import {told[0]}\\n".encode())
sys.addaudithook(tell)
from guardrails.cli.main import main
main()
"""


def run(directory: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    variables = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(directory.parent / "cache")}
    environment = {**isolated_environment(), **variables}
    return subprocess.run(
        [sys.executable, "-c", *words],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("gate", GATES)
def test_a_door_opens_with_nothing_but_the_model_and_its_own_settings(gate: str, tmp_path: Path) -> None:
    done = run(tmp_path, f"import sys, guardrails.gates.{gate}.gate; print(*sys.modules)")
    loaded = set(done.stdout.split())
    package = f"guardrails.gates.{gate}"
    ours = {name for name in loaded if name.startswith("guardrails.")}
    rest = {name for name in ours if not f"{name}.".startswith("guardrails.model.")}
    assert f"{package}.gate" in loaded, done.stderr
    assert rest <= {"guardrails.gates", package, f"{package}.gate", f"{package}.settings"}
    assert not loaded & HEAVY


def test_a_clean_check_imports_nothing_heavy(tmp_path: Path) -> None:
    repository = RepositoryBuilder(tmp_path / "shop")
    configuration = '[project]\nname = "shop"\nversion = "1"\n\n[tool.ruff.lint]\nselect = ["F"]\n'
    repository.write_all({"policies/guardrails.yaml": POLICY, "pyproject.toml": configuration})
    repository.write("cart.py", "TOTAL = 1\n").git("add", "--all")
    repository.git("commit", "--quiet", "--message", "Begin")
    repository.write("cart.py", "TOTAL = 1\nLIMIT = 2\n").git("add", "--all")
    first = run(repository.path, WATCHED, "check")  # reads the policy and asks for the tools' versions
    second = run(repository.path, WATCHED, "check")
    imported = {line.removeprefix("import ") for line in second.stderr.splitlines()}
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "PASS  no findings; 4 of" in second.stdout
    judged = ("architecture.comparison", "contract.judging", "integrity.judging", "style.judging")
    assert {f"guardrails.gates.{name}" for name in judged} <= imported
    assert sorted(imported & HEAVY) == []
    unused = (
        *("guardrails.adapters.box", "guardrails.adapters.environment", "guardrails.adapters.service"),
        "guardrails.analysis.openapi",
    )
    assert not [name for name in imported if name.startswith((*unused, *CONSENT))]
