"""`guardrails check` of one changed operation with 500 replays at commit, in CPU seconds of the whole command.

A repository with the club and `commit_replays: 700`: the first attempt at a base plays both
sides, the next ones only head. Beside it: the same staged change again, a comment, a change that
answers otherwise, and a policy that does not replay at commit. Targets: one changed operation 3 s,
unchanged code 1 s.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fuzz import CLUB
from tests.repos.builder import RepositoryBuilder

REPLAYS = 700  # some 500 are sent: shares are rounded down, so that base's answers can be kept
POLICY = f"""version: 1
target: main
stages:
  commit: [contract]
  merge: [contract]
services:
  - name: club
    app: club.app:app
    contract: contracts/club
    start_seconds: 60
    environment: {{python: "{sys.executable}"}}
"""
OLD = '    """Return one member."""\n'
PLAIN = "    known = members\n"
UNLIKE = '    if member_id == "me":\n        raise HTTPException(410, "gone for good")\n'


def checked(repository: RepositoryBuilder, cache: Path) -> tuple[float, float, str]:
    """Return CPU seconds, wall seconds and what the gate said of what is staged."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "guardrails", "check", "--format", "json"],
        cwd=repository.path,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    said = json.loads(done.stdout)
    facts = [fact for gate in said["gates"] for fact in gate.get("facts", [])]
    return (
        spent,
        time.perf_counter() - begin,
        f"{said['verdict']}, {len(said['findings'])} findings; {facts[-1:]}",
    )


def main() -> int:
    """Print a row for each case."""
    with tempfile.TemporaryDirectory(prefix="g") as place:
        repository, cache = RepositoryBuilder(Path(place) / "repository"), Path(place) / "cache"
        policy = {"policies/guardrails.yaml": POLICY, "contracts/club/.keep": ""}

        def row(name: str, source: str) -> None:
            repository.write_all({"club/app.py": source})
            repository.git("add", "--all")
            spent, wall, said = checked(repository, cache)
            print(f"{name:<34} {spent:6.2f} CPU s {wall:6.2f} s  {said}", flush=True)

        repository.write_all(
            {**policy, "policies/contract.yaml": f"commit_replays: {REPLAYS}\n", "club/app.py": CLUB}
        )
        repository.git("add", "--all")
        repository.git("commit", "-qm", "base")
        row("first attempt, both sides played", CLUB.replace(OLD, OLD + PLAIN))
        row("second attempt, head alone", CLUB.replace(OLD, OLD + PLAIN + PLAIN))
        row("the same again", CLUB.replace(OLD, OLD + PLAIN + PLAIN))
        row("a comment", CLUB + "# a comment\n")
        row("nothing of the service", CLUB)
        row("an answer that differs", CLUB.replace(OLD, OLD + UNLIKE))
        repository.write_all({"policies/contract.yaml": "commit_replays: 0\n", "club/app.py": CLUB})
        repository.git("add", "--all")
        repository.git("commit", "-qm", "off")
        row("policy does not replay at commit", CLUB.replace(OLD, OLD + PLAIN))
    return 0


if __name__ == "__main__":
    sys.exit(main())
