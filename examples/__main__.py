"""Judge every stored change, print verdict, reason and time of each, and write the HTML reports.

    python -m examples [NAME ...]

Exits 0 when every change got the verdict it deserves, for the reason it deserves.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from examples.stored import StoredChange, stored_changes
from guardrails.model.verdict import Outcome
from guardrails.report.html import IndexRow, render_index

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".guardrails" / "examples"
_REASON_WIDTH = 96


def main(names: list[str]) -> int:
    """Judge the named changes, or all of them; return the exit code."""
    chosen = [change for change in stored_changes() if not names or change.name in names]
    unknown = set(names) - {change.name for change in chosen}
    if unknown or not chosen:
        print(f"no change is called {', '.join(sorted(unknown))}; see examples/changes/", file=sys.stderr)
        return 2
    REPORTS.mkdir(parents=True, exist_ok=True)
    rows = []
    wrong = 0
    # Two at a time: what measures time waits until it has the machine alone.
    with ThreadPoolExecutor(max_workers=2) as pool:
        for row, missing in pool.map(_judge, chosen):
            met = row.verdict is row.expected and not missing
            wrong += not met
            _print(row, missing, met=met)
            rows.append(row)
    index = REPORTS / "index.html"
    index.write_text(render_index(rows), "utf-8")
    print(
        f"\n{len(rows) - wrong} of {len(rows)} changes got the verdict they deserve; report: {index.relative_to(ROOT)}"
    )
    return 1 if wrong else 0


def _print(row: IndexRow, missing: list[str], *, met: bool) -> None:
    print(f"{'ok   ' if met else 'WRONG'} {row.verdict.value:<9} {row.seconds:5.1f} s  {row.name}")
    print(f"      {row.reason[:_REASON_WIDTH]}", flush=True)
    if not met:
        print(
            f"      expected {row.expected.value}{' for ' + ', '.join(missing) if missing else ''}",
            flush=True,
        )


def _judge(change: StoredChange) -> tuple[IndexRow, list[str]]:
    """Return what came out, and those of the expected rules that were not among the findings."""
    json_report, html_report = REPORTS / f"{change.name}.json", REPORTS / f"{change.name}.html"
    for stale in (json_report, html_report):
        stale.unlink(missing_ok=True)
    begun = time.monotonic()
    reports = [
        "--format",
        "json",
        "--output",
        str(json_report),
        "--format",
        "html",
        "--output",
        str(html_report),
    ]
    words = ["review", "--repo", str(ROOT), "--diff", "-", "--task", change.task, *reports]
    ended = subprocess.run(
        [sys.executable, "-m", "guardrails", *words],
        input=change.patch(ROOT).encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        cwd=ROOT,
    )
    seconds = time.monotonic() - begun
    if not json_report.exists():
        reason = ended.stderr.decode("utf-8", "backslashreplace").strip() or f"exit code {ended.returncode}"
        return IndexRow(change.name, change.task, change.expected, Outcome.UNDECIDED, reason, "", seconds), []
    said = json.loads(json_report.read_text("utf-8"))
    verdict = Outcome(said["verdict"])
    found = {one["rule"] for one in said["findings"] if one["status"] in {"new", "disputed"}}
    reasons = [
        f"{gate['name']}: {gate['reason']}" for gate in said["gates"] if gate["outcome"] == verdict.value
    ]
    reason = _deciding(reasons, change) if reasons else "every gate passed or was skipped"
    row = IndexRow(change.name, change.task, change.expected, verdict, reason, html_report.name, seconds)
    return row, [rule for rule in change.because if rule not in found]


def _deciding(reasons: list[str], change: StoredChange) -> str:
    """Return the gate's reason that names an expected rule, else the first; passing gates need no list."""
    named = [reason for reason in reasons if any(rule in reason for rule in change.because)]
    if change.expected is Outcome.PASS and not change.because:
        return "every gate passed or was skipped"
    return (named or reasons)[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
