"""`guardrails review` of a one-file change to the service, all gates.

Target: where base is not yet measured, at most 90 s of wall time on two cores, of which the static
gates (style and architecture) take at most 2 s. The first run of all, with nothing in the user's
cache, is shown beside it, and so is one whose base is measured.
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
    """Judge one stored change three times in a clone, and print where the time went."""
    (change,) = [one for one in stored_changes() if one.name == CHANGE]
    patch = change.patch(ROOT).encode()
    with tempfile.TemporaryDirectory() as folder:
        clone, cache = Path(folder) / "clone", Path(folder) / "cache"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        (clone / ".venv").symlink_to(ROOT / ".venv")
        _judge("nothing in the cache", clone, cache, patch)
        commit = [
            "-c",
            "user.name=b",
            "-c",
            "user.email=b@localhost",
            "commit",
            "--quiet",
            "--allow-empty-message",
        ]
        with (clone / "CHANGELOG.md").open("a", encoding="utf-8") as log:
            log.write("\n- Another base.\n")
        subprocess.run(["git", "-C", str(clone), *commit, "--all", "--message", "another base"], check=True)
        _judge("base not yet measured", clone, cache, patch)
        _judge("base measured", clone, cache, patch)


def _judge(label: str, clone: Path, cache: Path, patch: bytes) -> None:
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "guardrails", "review", "--diff", "-", "--format", "json"],
        input=patch,
        capture_output=True,
        cwd=clone,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        check=False,
    )
    seconds = time.monotonic() - began
    said = json.loads(ended.stdout)
    gates = said["measured"]["gates"]
    static = sum(gates[name]["wall seconds"] for name in STATIC if name in gates)
    print(f"{label:<22} {said['verdict']:<9} {seconds:5.1f} s wall")
    for name, numbers in gates.items():
        print(f"  {name:<14} {numbers['wall seconds']:6.2f} s wall {numbers['CPU seconds']:6.2f} s CPU")
    print(
        f"  target: {TARGET_SECONDS:.0f} s in all, reached {seconds:.1f} s; style and architecture "
        f"{TARGET_STATIC_SECONDS:.0f} s, reached {static:.2f} s"
    )


if __name__ == "__main__":
    main()
