"""This repository keeps the rules that it holds others to: its whole tree, judged by its own policy."""

import ast
import subprocess
from pathlib import Path

import pytest

from guardrails.adapters.policy.reader import read_policy
from guardrails.gates.architecture.gate import GATE
from guardrails.model.change import Stage
from guardrails.wiring import catalog
from tests.repos.memory import MemoryCache, MemoryTree, context_for

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES, MOST_FILES, MOST_FUNCTION_LINES = 400, 15, 40


def listed() -> list[str]:
    named = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True,
        check=True,
    )
    return [name for name in named.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


FILES = listed()
PRODUCT = [
    name for name in FILES if name.startswith(("guardrails/", "reference_service/")) and name.endswith(".py")
]


def test_the_whole_tree_has_no_architecture_finding() -> None:
    tree = {
        name: (ROOT / name).read_bytes() for name in FILES if name.startswith(("policies/", *_packages()))
    }
    policy = read_policy(MemoryTree(tree), catalog().gates, MemoryCache())
    context = context_for({}, tree, stage=Stage.MERGE, settings=policy.settings, services=policy.services)
    report = GATE.run(context)
    assert [
        f"{one.rule} {one.location.path}:{one.location.line} {one.message}" for one in report.findings
    ] == []


def _packages() -> tuple[str, ...]:
    return ("guardrails/", "reference_service/", "contracts/")


def test_no_file_outgrows_its_room() -> None:
    lines = {name: (ROOT / name).read_bytes().count(b"\n") for name in PRODUCT}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_no_folder_outgrows_its_shelf() -> None:
    folders: dict[str, int] = {}
    for name in PRODUCT:
        folder = str(Path(name).parent)
        folders[folder] = folders.get(folder, 0) + (not name.endswith("__init__.py"))
    crowded = {
        name: count for name, count in folders.items() if count > MOST_FILES and not name.endswith("/rules")
    }
    assert crowded == {}


@pytest.mark.parametrize("name", PRODUCT)
def test_no_function_is_longer_than_a_screen(name: str) -> None:
    tree = ast.parse((ROOT / name).read_bytes())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    sizes = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert {one: size for one, size in sizes.items() if size > MOST_FUNCTION_LINES} == {}


def test_the_version_is_told_once() -> None:
    import tomllib

    from guardrails import __version__

    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == __version__
