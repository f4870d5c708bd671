"""How many of a service's known faults the contract gate finds, beside schemathesis's own command.

Both get the faulty club as it is: ours also knows which code changed, and one check of the
contract folder. A fault counts as found when a finding names its cause. CPU seconds are those of
all processes, the service's and, of the command, its own start included. Usage:
python -m benchmarks.fuzz [--no-cli] [-v] [SEED ...]
"""

import contextlib
import json
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
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
KINDS = {
    "GR211": ("schema", "undocumented", "header", "status code", "content type"),
    "GR212": ("accept",),
    "GR214": ("auth",),
    "GR215": ("use after", "after free"),
    "GR216": ("not available", "unavailable", "availability"),
    "GR217": (),
}
WATCHED = """
import os, traceback
from club.app import app as inner

log = open(os.environ["WATCHED"], "a", buffering=1)

async def app(scope, receive, send):
    if scope["type"] == "http":
        log.write("asked\\n")
    try:
        await inner(scope, receive, send)
    except Exception as error:
        own = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.endswith("club/app.py")]
        log.write(f"{type(error).__name__} {own[-1].name if own else '?'}\\n")
        raise
"""
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
    """Return faults reached, requests sent and CPU seconds of schemathesis's own command over HTTP.

    A crash counts as reached when the code that holds it raised, any other fault when a failure of
    its kind was reported for its operation: more generous than what is asked of the gate.
    """
    place = folder / f"cli{seed}"
    (place / "club").mkdir(parents=True)
    (place / "club" / "app.py").write_text(broken())
    (place / "watched.py").write_text(WATCHED)
    environment = {**os.environ, "WATCHED": str(place / "log")}
    served = [sys.executable, "-m", "uvicorn", "watched:app", "--port", str(PORT), "--log-level", "critical"]
    server = subprocess.Popen(served, cwd=place, env=environment, stderr=subprocess.DEVNULL)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        _wait_for_port()
        words = ["st", "run", f"http://127.0.0.1:{PORT}/openapi.json", "--seed", str(seed), "--no-color"]
        words += ["--continue-on-failure", "-H", "x-key: club-key", "--max-time", str(int(SECONDS))]
        done = subprocess.run(
            [str(Path(sys.executable).parent / words[0]), *words[1:]],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            cwd=place,
        )
    finally:
        server.terminate()
        server.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    log = (place / "log").read_text().splitlines()
    return _reached(done.stdout, log), sum(line == "asked" for line in log), spent


def _wait_for_port() -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), 1):
            return
        time.sleep(0.05)


def _reached(said: str, log: Sequence[str]) -> int:
    """Return how many faults a run reached, by what the service logged and what the command said."""
    failures: dict[str, set[str]] = {}
    operation = ""
    for line in said.splitlines():
        heading = re.fullmatch(r"_+ (?:Stateful tests|([A-Z]+ /\S*)) _+", line)
        if heading:
            operation = heading[1] or "stateful"
        elif line.startswith("- "):
            failures.setdefault(operation, set()).add(line[2:].strip().lower())
    reached = 0
    for _, _, (rule, place, piece) in BUGS.values():
        if rule == "GR210":
            kind, _, where = piece.partition(" at club/app.py in ")
            reached += f"{kind} {where}" in log
        else:
            told = {
                one
                for name, found in failures.items()
                if place in name or name == "stateful"
                for one in found
            }
            reached += any(word in one for one in told for word in KINDS[rule])
    return reached


def main() -> int:
    """Print a row for each seed and tool, then what ours missed."""
    seeds = [int(word) for word in sys.argv[1:] if word.isdecimal()] or list(SEEDS)
    missed: dict[str, int] = {}
    print(f"{'seed':>4} {'tool':<14} {'found':>6} {'requests':>8} {'CPU s':>6} {'seconds':>7}")
    with tempfile.TemporaryDirectory(prefix="g") as place:
        folder = Path(place)
        for seed in seeds:
            begin, before = time.perf_counter(), _cpu_seconds()
            report = judged(folder / str(seed), seed)
            spent = _cpu_seconds() - before
            found = found_in(report)
            for name in (name for name, is_found in found.items() if not is_found):
                missed[name] = missed.get(name, 0) + 1
            asked = int(re.findall(r"with (\d+) requests", " ".join(report.facts))[-1])
            _print_row(seed, "the gate", sum(found.values()), asked, spent, begin)
            if "-v" in sys.argv:
                for one in report.findings:
                    lines = [e.request.count("curl") for e in one.evidence if isinstance(e, Witness)]
                    print(f"    {one.rule} {one.message} {lines}")
            if "--no-cli" not in sys.argv:
                begin = time.perf_counter()
                reached, asked, spent = by_cli(folder, seed)
                _print_row(seed, "schemathesis", reached, asked, spent, begin)
        for name, times in sorted(missed.items()):
            print(f"missed with {times} of {len(seeds)} seeds: {name}")
    return 0


def _print_row(seed: int, tool: str, found: int, asked: int, spent: float, begin: float) -> None:
    seconds = time.perf_counter() - begin
    print(f"{seed:>4} {tool:<14} {found:>3}/{len(BUGS)} {asked:>8} {spent:>6.1f} {seconds:>7.1f}", flush=True)


def _cpu_seconds() -> float:
    """Return user and system seconds of this process and of its children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    sys.exit(main())
