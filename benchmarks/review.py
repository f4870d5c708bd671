"""`guardrails review` of a one-file change to the service, all gates, base not yet measured.

Target: at most 90 s of wall time on two cores, of which the static gates take at most 2 s.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from examples.stored import stored_changes

TARGET_SECONDS, TARGET_STATIC_SECONDS = 90.0, 2.0
CHANGE = "refactor-spacing-named-steps"
ROOT = Path(__file__).resolve().parent.parent
STATIC = ("style", "architecture")


def main() -> None:
    """Judge one stored change with an empty cache, then again with base measured, and print both."""
    (change,) = [one for one in stored_changes() if one.name == CHANGE]
    patch = change.patch(ROOT).encode()
    with tempfile.TemporaryDirectory() as cache:
        for label in ("base not yet measured", "base measured"):
            began = time.monotonic()
            ended = subprocess.run(
                [sys.executable, "-m", "guardrails", "review", "--diff", "-", "--format", "json"],
                input=patch,
                capture_output=True,
                cwd=ROOT,
                env={**os.environ, "XDG_CACHE_HOME": cache},
                check=False,
            )
            seconds = time.monotonic() - began
            said = json.loads(ended.stdout)
            gates = said["measured"]["gates"]
            static = sum(gates[name]["CPU seconds"] for name in STATIC if name in gates)
            print(f"{label:<22} {said['verdict']:<9} {seconds:5.1f} s wall")
            for name, numbers in gates.items():
                print(
                    f"  {name:<14} {numbers['wall seconds']:6.2f} s wall {numbers['CPU seconds']:6.2f} s CPU"
                )
            print(
                f"  target: {TARGET_SECONDS:.0f} s in all, reached {seconds:.1f} s; style and architecture "
                f"{TARGET_STATIC_SECONDS:.0f} s, reached {static:.2f} CPU s"
            )


if __name__ == "__main__":
    main()
