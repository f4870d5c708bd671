"""`guardrails lint` on whole trees, cold and warm, beside ruff, Fixit, import-linter and ast-grep.

The trees are made of homeassistant 2025.4.4 (7,978 files, 1.145 M lines) and, for the warm runs,
plotly 5.24.1 besides (15,262 files). Targets: cold at least 600 files per CPU s with all rules, and at
least 40 times fewer CPU s a file than Fixit with two; warm at most 0.3 CPU s and less than ruff on the
same tree; 1 M lines with the call graph at most 2.5 CPU s after an edit.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.clock import cpu_seconds

PACKAGES = {
    "homeassistant==2025.4.4": "b7970fe3ce3a9d032a3a5dee3cbf71b227e7f23fad14a23855ee252542ef2631",
    "plotly==5.24.1": "f67073a1e637eb0dc3e46324d9d51e2fe76e9727c892dde64ddf1e1b51f29089",
}
PEERS = ("fixit==2.2.1", "import-linter==2.16", "ast-grep-cli==0.51.1")
FIXIT_RULES = (
    "fixit.rules.avoid_or_in_except:AvoidOrInExcept,fixit.rules.no_static_if_condition:NoStaticIfCondition"
)
SAMPLE = 150
AST_GREP = """\
id: blocking-call-in-async
language: python
rule: {pattern: time.sleep($$$), inside: {pattern: 'async def $F($$$): $$$', stopBy: end}}
"""
# The floor of every check that reads Python by `ast`: read and parse each file, and look at none.
PARSING = """\
import ast, gc, pathlib, warnings
gc.disable()
warnings.simplefilter("ignore")
for path in pathlib.Path().rglob("*.py"):
    try:
        ast.parse(path.read_bytes())
    except SyntaxError:
        pass
"""
CONTRACT = """\
[importlinter]
root_package = homeassistant
[importlinter:contract:1]
name = helpers know no component
type = forbidden
source_modules = homeassistant.util
forbidden_modules = homeassistant.components.light
"""


def main() -> None:
    """Fetch what is compared, measure, and print the table."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "guardrails-benchmarks"
    wheels = _downloaded(home / "wheels")
    peers = _peers(home / "peers")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for wheel in wheels:
            target = folder / wheel.name.partition("-")[0]
            with zipfile.ZipFile(wheel) as held:
                held.extractall(target)
        one = folder / "homeassistant"
        print(f"homeassistant: {_count(one)} files; with plotly: {_count(folder)} files")
        (folder / "cold").mkdir()
        _cold_by_tree(folder, folder / "cold")
        _cold(one, folder / "cold", peers)
        _warm(folder, one)


def _cold_by_tree(both: Path, scratch: Path) -> None:
    """Show each tree by itself and both as one, beside what Python's own parser takes for the same files."""
    for name, tree in {"plotly": both / "plotly", "homeassistant and plotly": both}.items():
        files = _count(tree)
        cache = {"XDG_CACHE_HOME": str(scratch / f"of {name}")}
        asked = _lint("homeassistant", "plotly") if tree == both else _lint(name)
        _row(f"guardrails lint, cold, all rules: {name}", _cpu(tree, asked, cache), files)
    for name in ("homeassistant", "plotly"):
        tree = both / name
        _row(f"ast.parse alone: {name}", _cpu(tree, [sys.executable, "-c", PARSING]), _count(tree))


def _cold(top: Path, scratch: Path, peers: Path | None) -> None:
    files = _count(top)
    ours = _cpu(top, _lint("homeassistant"), {"XDG_CACHE_HOME": str(scratch / "ours")})
    _row("guardrails lint, cold, all rules: homeassistant", ours, files)
    _row("ruff check, cold, 8 rules", _cpu(top, _ruff("--no-cache")), files)
    if peers is None:
        return
    (scratch / "rule.yml").write_text(AST_GREP, "utf-8")
    command = [str(peers / "ast-grep"), "scan", "--rule", str(scratch / "rule.yml"), "homeassistant"]
    _row("ast-grep, 1 rule", _cpu(top, command), files)
    (scratch / "contract").write_text(CONTRACT, "utf-8")
    command = [str(peers / "lint-imports"), "--config", str(scratch / "contract"), "--no-cache"]
    _row("import-linter, 1 contract", _cpu(top, command, {"PYTHONPATH": str(top)}), files)
    sample = sorted(top.rglob("*.py"))[:: files // SAMPLE][:SAMPLE]
    for path in sample:
        target = scratch / "sample" / path.relative_to(top)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    command = [str(peers / "fixit"), "--rules", FIXIT_RULES, "lint", str(scratch / "sample")]
    fixit = _cpu(scratch, command)
    _row(f"Fixit, 2 rules, {len(sample)} of the files", fixit, len(sample))
    print(f"CPU s a file, Fixit with 2 rules to ours with all: {fixit / len(sample) / (ours / files):.0f} x")


def _warm(both: Path, one: Path) -> None:
    cache = {"XDG_CACHE_HOME": str(both / "cold" / "warm"), "RUFF_CACHE_DIR": str(both / "cold" / "ruff")}
    trees = ["homeassistant", "plotly"]
    commands = {
        "python -I -c pass": [sys.executable, "-I", "-c", "pass"],
        "guardrails lint, warm": _lint(*trees),
        "ruff check, warm, 8 rules": [*_ruff(), *trees],
    }
    cpu_seconds(commands, 1, both, cache)
    files = _count(both / "homeassistant") + _count(both / "plotly")
    for name, spent in cpu_seconds(commands, 5, both, cache).items():
        _row(f"{name} ({files} files)", spent, files)
    cpu_seconds({"first": _lint("homeassistant")}, 1, one, cache)
    edited = sorted(one.rglob("*.py"))[0]
    least = float("inf")
    for number in range(3):
        edited.write_text(f"{edited.read_text('utf-8')}\nEDIT = {number}\n", "utf-8")
        least = min(least, _cpu(one, _lint("homeassistant"), cache))
    _row("guardrails lint, 1 file edited, call graph of 1.145 M lines", least, _count(one))


def _lint(*paths: str) -> list[str]:
    return [sys.executable, "-m", "guardrails", "lint", *paths, "--format", "agent"]


def _ruff(*options: str) -> list[str]:
    ruff = str(Path(sys.executable).with_name("ruff"))
    return [ruff, "check", "--isolated", "--select", "E722,ASYNC2", "--exit-zero", "--quiet", *options]


def _cpu(directory: Path, command: Sequence[str], variables: Mapping[str, str] | None = None) -> float:
    return cpu_seconds({"it": command}, 1, directory, variables)["it"]


def _row(name: str, seconds: float, files: int) -> None:
    print(f"{name:<62} {seconds:8.2f} CPU s  {files / seconds:9.0f} files per CPU s", flush=True)


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*.py"))


def _downloaded(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    pinned = folder / "packages.txt"
    pinned.write_text("".join(f"{name} --hash=sha256:{one}\n" for name, one in PACKAGES.items()), "utf-8")
    if len(list(folder.glob("*.whl"))) < len(PACKAGES):
        # They are read, never run, so it does not matter that they want a newer Python.
        newer = ("--python-version", "3.13", "--only-binary=:all:")
        hashed = ("--no-deps", "--require-hashes", "--requirement", str(pinned))
        _pip("download", *newer, *hashed, "--dest", str(folder))
    return sorted(folder.glob("*.whl"))


def _peers(folder: Path) -> Path | None:
    """Return where the peers' programs are; None, said aloud, where they cannot be installed."""
    if not (folder / "whole").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            command = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "install", *PEERS]
            subprocess.run(command, check=True)
        except subprocess.CalledProcessError as error:
            print(f"without peers: {error}")
            return None
        (folder / "whole").touch()
    return folder / "bin"


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
