"""Run every benchmark of this folder, or those that are named.

python -m benchmarks [NAME ...]
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run the benchmarks one after the other; return the number that failed to run."""
    known = sorted(
        path.stem for path in HERE.glob("*.py") if path.stem not in {"__init__", "__main__", "clock"}
    )
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; choose from {', '.join(known)}", file=sys.stderr)
        return 2
    failed = 0
    for name in names or known:
        print(f"== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
