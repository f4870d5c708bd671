"""`guardrails check` on one changed file with nothing to report, beside a bare interpreter.

Target: at most 10 times the CPU time of `python -I -c pass`, without importing libcst, pydantic,
rich, jinja2 or numpy.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.clock import cpu_seconds

TARGET = 10.0
HEAVY = ("libcst", "pydantic", "rich", "jinja2", "numpy", "yaml")
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Clone this repository, stage one changed file, and measure."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        changed = clone / "reference_service" / "settings.py"
        changed.write_text(changed.read_text("utf-8") + "\n\nDEFAULT_PORT = 8000\n", "utf-8")
        subprocess.run(["git", "-C", str(clone), "add", "--all"], check=True)
        commands = {
            "python -I -c pass": [sys.executable, "-I", "-c", "pass"],
            "ruff --version": [str(Path(sys.executable).with_name("ruff")), "--version"],
            "guardrails check": [sys.executable, "-m", "guardrails", "check"],
        }
        spent = cpu_seconds(commands, 10, clone)
        bare = spent["python -I -c pass"]
        for name, seconds in spent.items():
            print(f"{name:<20} {seconds * 1000:7.1f} CPU ms  {seconds / bare:5.1f} x")
        print(
            f"target: guardrails check at most {TARGET:.0f} x; reached {spent['guardrails check'] / bare:.1f} x"
        )
        print(f"heavy modules imported: {', '.join(_imported(clone)) or 'none'}")


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
