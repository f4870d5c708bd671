"""How many of a service's known faults the contract gate finds, beside schemathesis's own command.

Both get the faulty club as it is: ours also knows which code changed, and one check of the
contract folder. A fault counts as found when a finding names its cause. Usage:
python -m benchmarks.fuzz [--no-cli] [SEED ...]
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.behaviour import laboratory
from benchmarks.services.club_bugs import BUGS, CHECKS
from guardrails.gates.contract.gate import GATE
from guardrails.gates.contract.settings import Settings
from guardrails.model.evidence import Witness
from guardrails.model.policy import Service
from guardrails.model.rule import Report
from tests.repos.memory import context_for

CLUB = (Path(__file__).parent / "services" / "club.py").read_text("utf-8")
SERVICE = Service("club", ("club",), app="club.app:app", contract="contracts/club", start_seconds=60.0)
SEEDS = (1, 2, 3, 4, 5)
MOST_REQUESTS = 1000
SECONDS = 30.0
PORT = 8931
Files = Mapping[str, str | bytes]


def broken() -> str:
    """Return the club with all its faults."""
    source = CLUB
    for name, (old, new, _) in BUGS.items():
        if source.count(old) != 1:
            raise ValueError(f"{name}: {old!r} is there {source.count(old)} times")
        source = source.replace(old, new)
    return source


def judged(folder: Path, seed: int) -> Report:
    """Return what the gate says of the faulty club."""
    settings = Settings(max_requests=MOST_REQUESTS, seconds=SECONDS, replays=0, headers={"x-key": "club-key"})
    base: Files = {"club/app.py": CLUB, "contracts/club/invariants.py": CHECKS}
    head: Files = {**base, "club/app.py": broken()}
    with laboratory(folder, base, seed) as made:
        return GATE.run(
            context_for(base, head, services=(SERVICE,), laboratory=made, settings={"contract": settings})
        )


def found_in(report: Report) -> dict[str, bool]:
    """Return which faults a report names."""
    said = [(one.rule, one.message) for one in report.findings]
    return {
        name: any(rule == one and place in text and piece in text for one, text in said)
        for name, (_, _, (rule, place, piece)) in BUGS.items()
    }


def bytes_of(report: Report) -> bytes:
    """Return all findings as bytes, evidence included."""
    return json.dumps([repr(one) for one in report.findings], sort_keys=True).encode()


def by_cli(folder: Path, seed: int) -> tuple[int, int, float]:
    """Return requests, distinct failures and seconds of schemathesis's own command over HTTP."""
    place = folder / f"cli{seed}" / "club"
    place.mkdir(parents=True)
    (place / "app.py").write_text(broken())
    served = [sys.executable, "-m", "uvicorn", "club.app:app", "--port", str(PORT), "--log-level", "critical"]
    server = subprocess.Popen(served, cwd=place.parent)
    try:
        time.sleep(3)
        report = place.parent / "report.ndjson"
        words = [
            "st",
            "run",
            f"http://127.0.0.1:{PORT}/openapi.json",
            "--seed",
            str(seed),
            "--continue-on-failure",
        ]
        words += ["-H", "x-key: club-key", "--max-time", str(int(SECONDS)), "--report", "ndjson"]
        words += ["--report-ndjson-path", str(report), "--no-color"]
        begin = time.perf_counter()
        done = subprocess.run(
            [str(Path(sys.executable).parent / words[0]), *words[1:]],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - begin
    finally:
        server.terminate()
        server.wait()
    lines = done.stdout.splitlines()
    for line in lines[-30:]:
        print(f"    {line}")
    return sum("test case" in line for line in lines), 0, seconds


def main() -> int:
    """Print a row for each seed, then what was missed."""
    seeds = [int(word) for word in sys.argv[1:] if word.isdecimal()] or list(SEEDS)
    missed: dict[str, int] = {}
    print(f"{'seed':>4} {'found':>8} {'findings':>9} {'seconds':>8}  digest of the findings")
    with tempfile.TemporaryDirectory(prefix="g") as place:
        folder = Path(place)
        for seed in seeds:
            begin = time.perf_counter()
            report = judged(folder, seed)
            seconds = time.perf_counter() - begin
            found = found_in(report)
            for name in (name for name, is_found in found.items() if not is_found):
                missed[name] = missed.get(name, 0) + 1
            steps = [one.evidence[0] for one in report.findings if one.evidence]
            digest = hashlib.sha256(bytes_of(report)).hexdigest()[:12]
            number = f"{sum(found.values())}/{len(found)}"
            print(
                f"{seed:>4} {number:>8} {len(steps):>9} {seconds:>8.1f}  {digest}  {report.facts[-1]}",
                flush=True,
            )
            if "-v" in sys.argv:
                for one in report.findings:
                    lines = [e.request.count("curl") for e in one.evidence if isinstance(e, Witness)]
                    print(f"    {one.rule} {one.message} {lines}")
        for name, times in sorted(missed.items()):
            print(f"missed with {times} of {len(seeds)} seeds: {name}")
        if "--no-cli" not in sys.argv:
            by_cli(folder, seeds[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
