"""`guardrails check` on one changed file with nothing to report, beside a bare interpreter.

The file says something new in each round, so that nothing of it is known from the round before.

Targets: at most 7 times the CPU time of `python -I -c pass`, without importing libcst, pydantic,
rich, jinja2 or numpy; with a fault that `guardrails fix` mends first, at most 30 times for both.
The first run of all, with an empty cache and no byte code of ours, is told beside.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.clock import cpu_seconds

TARGET = 7.0
FIXED_TARGET = 30.0
ROUNDS = 10
DEAD = "\n\ndef port() -> int:\n    return DEFAULT_PORT\n    print({number})\n"
HEAVY = ("libcst", "pydantic", "rich", "jinja2", "numpy", "yaml")
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Clone this repository, stage one changed file, and measure."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        changed = clone / "reference_service" / "settings.py"
        before = changed.read_text("utf-8")
        commands = {
            "python -I -c pass": [sys.executable, "-I", "-c", "pass"],
            "ruff --version": [str(Path(sys.executable).with_name("ruff")), "--version"],
            "guardrails check": [sys.executable, "-m", "guardrails", "check"],
        }
        spent = dict.fromkeys(commands, float("inf"))
        for number in range(ROUNDS):
            changed.write_text(f"{before}\n\nDEFAULT_PORT = {8000 + number}\n", "utf-8")
            subprocess.run(["git", "-C", str(clone), "add", "--all"], check=True)
            for name, seconds in cpu_seconds(commands, 1, clone).items():
                spent[name] = min(spent[name], seconds)
        bare = spent["python -I -c pass"]
        for name, seconds in spent.items():
            print(f"{name:<20} {seconds * 1000:7.1f} CPU ms  {seconds / bare:5.1f} x")
        print(
            f"target: guardrails check at most {TARGET:.0f} x; reached {spent['guardrails check'] / bare:.1f} x"
        )
        fixed = _fixed(clone, changed, before)
        print(f"{'guardrails fix, check':<20} {fixed * 1000:7.1f} CPU ms  {fixed / bare:5.1f} x")
        print(f"target: a fix and a check at most {FIXED_TARGET:.0f} x; reached {fixed / bare:.1f} x")
        print(f"{'check, first of all':<20} {_first(clone, Path(folder)) * 1000:7.1f} CPU ms")
        print(f"heavy modules imported: {', '.join(_imported(clone)) or 'none'}")


def _fixed(clone: Path, changed: Path, before: str) -> float:
    """Return the least CPU seconds of mending a file and then checking it."""
    fix = {"fix": [sys.executable, "-m", "guardrails", "fix"]}
    check = {"check": [sys.executable, "-m", "guardrails", "check"]}
    least = float("inf")
    for number in range(ROUNDS):
        changed.write_text(before + DEAD.format(number=number), "utf-8")
        subprocess.run(["git", "-C", str(clone), "add", "--all"], check=True)
        seconds = cpu_seconds(fix, 1, clone)["fix"]
        if "print" in changed.read_text("utf-8").removeprefix(before):
            raise SystemExit("guardrails fix left the fault where it was")
        subprocess.run(["git", "-C", str(clone), "add", "--all"], check=True)
        least = min(least, seconds + cpu_seconds(check, 1, clone)["check"])
    return least


def _first(clone: Path, folder: Path) -> float:
    """Return the CPU seconds of a check for which nothing is kept yet."""
    for one in [*clone.glob("guardrails/**/__pycache__")]:
        shutil.rmtree(one)
    check = {"check": [sys.executable, "-m", "guardrails", "check"]}
    return cpu_seconds(check, 1, clone, {"XDG_CACHE_HOME": str(folder / "empty")})["check"]


def _imported(clone: Path) -> list[str]:
    traced = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "guardrails", "check"],
        cwd=clone,
        capture_output=True,
        check=False,
    )
    names = {line.rsplit(b"|", 1)[-1].strip().decode() for line in traced.stderr.splitlines() if b"|" in line}
    return [name for name in HEAVY if name in names]


if __name__ == "__main__":
    main()
