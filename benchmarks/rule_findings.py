"""How often each architecture rule speaks on public packages: findings by rule and package.

python -m benchmarks rule_findings, or python -m benchmarks.rule_findings --sample 10 FOLDER ... to read a
sample of each rule's findings with the code. Each package is judged whole, as if all of it were pure and
guarded, so that no rule is spared. What was read and how often it was wrong stands in
guardrails/guide/rules-precision.md.
"""

import argparse
import os
import random
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from guardrails.analysis.code.graph import Graph
from guardrails.analysis.code.selection import matches
from guardrails.analysis.code.tree import Code
from guardrails.gates.architecture.catalog import checks, hooks
from guardrails.gates.architecture.judging import Side
from guardrails.gates.architecture.module import Found
from guardrails.gates.architecture.settings import Settings
from tests.repos.memory import MemoryCache, MemoryTree

PACKAGES = (
    "prefect==3.9.1",
    "open-webui==0.12.4",
    "langflow-base==1.13.0",
    "dagster==1.13.29",
    "zenml==0.98.0",
)
SETTINGS = Settings(pure=("*",), guarded=("*",))
TESTS = ("*/tests", "*/test", "*/testing", "*/_testing")
DAY = date(2026, 11, 23)


def folders() -> list[Path]:
    """Return the packages' folders, downloaded once a machine."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "guardrails-benchmarks"
    for one in PACKAGES:
        place = home / one
        if not place.exists():
            held = home / "wheels" / one
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(held), one]
            subprocess.run(pip, check=True)
            with zipfile.ZipFile(next(held.glob("*.whl"))) as wheel:
                wheel.extractall(place, [name for name in wheel.namelist() if name.endswith(".py")])
    return [home / one for one in PACKAGES]


def judged(folder: Path) -> tuple[int, Mapping[str, Sequence[tuple[str, Found]]], MemoryTree]:
    """Return the lines of product code below `folder`, what each rule finds in it, and the tree."""
    files = {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*.py"))}
    paths = [path for path in files if not matches(path, (*SETTINGS.ignore, *TESTS))]
    tree = MemoryTree(files)
    side = Side(Graph(Code(tree, MemoryCache(), hooks=hooks())), SETTINGS, frozenset(), DAY)
    found: dict[str, list[tuple[str, Found]]] = defaultdict(list)
    for path in paths:
        for rule, one in side.found_in(side.module(path)):
            found[rule.id].append((one.path or path, one))
    return sum(files[path].count(b"\n") for path in paths), found, tree


def main() -> int:
    """Print findings per 10,000 lines by rule and package, and samples where they are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="show N findings of each rule")
    parser.add_argument("folder", nargs="*", type=Path)
    parsed = parser.parse_args()
    counts: dict[str, list[str]] = {check.rule.id: [] for check in checks()}
    heads = []
    for folder in parsed.folder or folders():
        lines, found, tree = judged(folder)
        heads.append(f"{folder.name} ({lines:,})")
        for rule, cells in counts.items():
            cells.append(f"{len(found[rule]) / lines * 10_000:.2f}" if found[rule] else "-")
        for rule, every in sorted(found.items()):
            chosen = random.Random(1).sample(every, min(parsed.sample, len(every)))
            for path, one in chosen:
                code = (tree.read(path) or b"").splitlines()[one.line - 1].strip().decode("utf-8", "replace")
                print(f"{rule} {path}:{one.line} {one.message}\n    {code[:120]}")
    print(f"| rule | {' | '.join(heads)} |\n| --- |{' --- |' * len(heads)}")
    for rule, cells in sorted(counts.items()):
        print(f"| `{rule}` | {' | '.join(cells)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
