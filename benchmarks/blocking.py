"""How often GR102 is right about blocking calls, and how many it finds.

Precision: the findings in pinned public packages that `data/blocking/labels.yaml` labels by hand.
Recall: programs of `data/blocking/mutants.yaml` with a blocking call put into them, each confirmed at
run time by the package blockbuster, which raises when a call blocks a running event loop.

python -m benchmarks blocking [--packages FOLDER] [--unlabelled]
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from guardrails.analysis.code.graph import Graph
from guardrails.analysis.code.selection import matches
from guardrails.analysis.code.tree import Code
from guardrails.gates.architecture.judging import Side
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.rules import gr102_blocking_call_in_async as rule
from guardrails.gates.architecture.settings import Settings
from guardrails.model.evidence import CallChain
from tests.repos.memory import MemoryCache, MemoryTree

DATA = Path(__file__).parent / "data" / "blocking"
BLOCKBUSTER = "blockbuster==1.5.29"
_CONFIRM = """
import asyncio, importlib, json, pathlib, sys
from blockbuster import BlockingError, blockbuster_ctx

def outcome(folder):
    sys.path.insert(0, str(folder))
    before = set(sys.modules)
    try:
        app = importlib.import_module("app")
        with blockbuster_ctx():
            asyncio.run(app.main())
        return "quiet"
    except BlockingError:
        return "blocked"
    except Exception as error:
        return repr(error)
    finally:
        sys.path.pop(0)
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in {"app", "store", "base", "shop"}:
                del sys.modules[name]

folders = sorted(pathlib.Path(sys.argv[1]).iterdir())
import fastapi, sqlite3, urllib.request
sys.stderr.write(json.dumps({one.name: outcome(one) for one in folders}))
"""


@dataclass(frozen=True, slots=True)
class Place:
    """What makes two findings the same: the package, where it stands, and the call at the end of its chain."""

    package: str
    path: str
    line: int
    symbol: str
    call: str
    cause: str


def labels() -> dict[Place, bool]:
    """Return the hand-made verdicts."""
    found = {}
    for one in _data("labels.yaml")["labels"]:
        place = Place(one["package"], *(one[key] for key in ("path", "line", "symbol", "call", "cause")))
        found[place] = bool(one["verdict"])
    return found


def _data(name: str) -> Any:
    return yaml.safe_load((DATA / name).read_text("utf-8"))


def sources_of(package: str, folder: Path) -> Mapping[str, bytes]:
    """Return the Python files of the package's pinned wheel, downloaded into `folder` when it is not there.

    Raises ValueError when its digest is not the pinned one.
    """
    pinned = _data("labels.yaml")["packages"][package]
    wheel = folder / pinned["file"]
    if not wheel.exists():
        wanted = f"{package.replace('_', '-')}=={pinned['version']}"
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", str(folder), wanted]
        subprocess.run(command, check=True)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != pinned["sha256"]:
        raise ValueError(f"{wheel.name}: its digest is {digest}, not the pinned {pinned['sha256']}")
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".py")}


def findings_in(package: str, sources: Mapping[str, bytes]) -> Iterator[Place]:
    """Yield what GR102 finds in the sources, each with the call at the end of its chain."""
    side = Side(Graph(Code(MemoryTree(sources), MemoryCache())), Settings(), frozenset(), date(2026, 11, 23))
    side.graph.code.load(sources)
    for path in sources:
        if not matches(path, side.settings.ignore):
            module = side.module(path)
            for one in rule.findings_in(module) if not module.facts.unparsable else ():
                yield _place(package, module, one)


def _place(package: str, module: Module, one: Found) -> Place:
    chains = [each for each in one.evidence if isinstance(each, CallChain)]
    symbol = module.symbol_text(one.scope)
    verb = " reaches " if chains else " calls "
    call = one.message.partition(verb)[2].partition(", which")[0]
    cause = chains[0].steps[-1].symbol.partition(" calls ")[0] if chains else symbol
    return Place(package, one.path or module.path, one.line, symbol, call, cause)


def programs() -> Iterator[tuple[str, Mapping[str, str], Mapping[str, str]]]:
    """Yield each program's name, its files with a blocking call put in, and its files without."""
    data = _data("mutants.yaml")
    calls = list(data["calls"].values())
    for number, (name, files) in enumerate(data["programs"].items()):
        call = calls[number % len(calls)]
        seeded = {
            path: f"{call['imports']}\n{text.replace('BLOCK', call['call'])}" if "BLOCK" in text else text
            for path, text in files.items()
        }
        yield name, seeded, {path: text.replace("BLOCK", "pass") for path, text in files.items()}


def is_found(files: Mapping[str, str]) -> bool:
    """Whether GR102 finds anything in the program."""
    return any(findings_in("", {path: text.encode() for path, text in files.items()}))


def outcomes(files_by_name: Mapping[str, Mapping[str, str]], blockbuster: Path) -> dict[str, str]:
    """Return what happens when each program runs under blockbuster: `blocked`, `quiet` or an error."""
    with tempfile.TemporaryDirectory() as folder:
        for name, files in files_by_name.items():
            for path, text in files.items():
                target = Path(folder, name, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, "utf-8")
        run = subprocess.run(
            [
                sys.executable,
                "-c",
                f"import sys; sys.path.insert(0, {str(blockbuster)!r})\n{_CONFIRM}",
                folder,
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    found: dict[str, str] = json.loads(run.stderr[run.stderr.index("{") :])
    return found


def report_precision(folder: Path, shows_unlabelled: bool) -> None:
    """Print how many of the labelled findings that are still made are true, by package."""
    verdicts = labels()
    made: Counter[str] = Counter()
    true: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    for package in _data("labels.yaml")["packages"]:
        for place in findings_in(package, sources_of(package, folder)):
            made[package] += 1
            judged[package] += place in verdicts
            true[package] += verdicts.get(place, False)
            if shows_unlabelled and place not in verdicts:
                print("  unlabelled", place)
    for package in made:
        print(
            f"{package:14} {made[package]:5} findings, {judged[package]:3} labelled, {true[package]:3} true"
        )
    share = true.total() / judged.total()
    print(
        f"precision {share:.1%} on {judged.total()} labelled findings of {made.total()} ({len(made)} packages)"
    )


def report_recall(folder: Path) -> None:
    """Print how many of the seeded programs block when they run, and how many of those are found."""
    target = folder / "blockbuster"
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(target), BLOCKBUSTER]
    if not target.exists():
        subprocess.run(command, check=True)
    every = list(programs())
    seeded = outcomes({name: files for name, files, _ in every}, target)
    clean = outcomes({name: files for name, _, files in every}, target)
    confirmed = [one for one in every if seeded[one[0]] == "blocked" and clean[one[0]] == "quiet"]
    for name, _, _ in every:
        if (seeded[name], clean[name]) != ("blocked", "quiet"):
            print(f"  not confirmed: {name}: seeded {seeded[name]}, clean {clean[name]}")
    missed = [name for name, files, _ in confirmed if not is_found(files)]
    alarmed = [name for name, _, files in confirmed if is_found(files)]
    share = 1 - len(missed) / len(confirmed)
    print(f"recall {share:.1%} on {len(confirmed)} seeded programs confirmed by {BLOCKBUSTER}")
    print(f"missed: {', '.join(missed)}; found without a blocking call: {', '.join(alarmed) or 'none'}")


def main() -> None:
    """Measure both on packages kept in a folder, by default a temporary one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, help="keep downloads here")
    parser.add_argument("--unlabelled", action="store_true", help="print findings that no label covers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = options.packages or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        report_recall(kept)
        report_precision(kept, options.unlabelled)


if __name__ == "__main__":
    main()
