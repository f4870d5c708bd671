"""How often the comparison of documents agrees with three peers' labels, and how long it takes.

Every miss was read, so no pair here is unseen; what is left of oasdiff's is wrong by label: equal headers in another
case, moved or inlined parts, nullable as 3.1 writes it, webhooks read the wrong way round, bounds that no value meets,
what a request never holds (`readOnly`), an optional property in a part of its own, a format beside an object.

Usage: python benchmarks/contract.py [FOLDER]; else $GUARDRAILS_OPENAPI, else ../shared/corpora/openapi.
The folder holds pairs that the tests of oasdiff, openapi-diff and swagger-brake label; contested
pairs and lifecycle rules are left out. `strict` counts breaks alone, `lenient` unknown ones too.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from guardrails.analysis.openapi.comparison import differences
from guardrails.analysis.openapi.difference import Difference, Level
from guardrails.analysis.openapi.documents import DocumentError, read_document


@dataclass(frozen=True)
class Row:
    """One pair: its label, what was found, and the seconds that took; `refused` says why nothing was."""

    tier: str
    breaking: bool | str
    found: tuple[Difference, ...]
    seconds: float
    refused: str = ""

    def says(self, *levels: Level) -> bool:
        """Whether anything of those levels was found."""
        return any(one.level in levels for one in self.found)


def corpus_folder() -> Path:
    """Return the folder of the corpus: the argument, the variable, or the place beside the repository."""
    beside = Path(__file__).resolve().parents[1] / "../shared/corpora/openapi"
    return Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("GUARDRAILS_OPENAPI", str(beside)))


def rows_in(folder: Path) -> list[Row]:
    """Compare every uncontested pair of the folder."""
    rows = []
    for case in json.loads((folder / "cases.json").read_text())["cases"]:
        if case["contested"] or (case["policy_finding"] and case["breaking"] is not True):
            continue
        begin, refused = time.perf_counter(), ""
        found: list[Difference] = []
        try:
            base, head = (read_document((folder / case[side]).read_bytes()) for side in ("base", "head"))
            found = differences(base, head)
        except DocumentError as error:
            refused = str(error)
        rows.append(
            Row(
                case["tier"],
                case["breaking"],
                tuple(found),
                time.perf_counter() - begin,
                refused,
            )
        )
    return rows


def line_of(name: str, rows: Sequence[Row]) -> str:
    """Return recall and false alarms of some rows, strict and lenient."""
    breaking = [row for row in rows if row.breaking is True]
    safe = [row for row in rows if row.breaking in {False, "none"}]

    def share(chosen: Sequence[Row], says: Callable[[Row], bool]) -> str:
        number = sum(map(says, chosen))
        return f"{number}/{len(chosen)} = {number / len(chosen):.1%}" if chosen else "-"

    def strict(row: Row) -> bool:
        return row.says(Level.BREAKING)

    def lenient(row: Row) -> bool:
        return row.says(Level.BREAKING, Level.UNKNOWN)

    parts = [share(chosen, says) for says in (strict, lenient) for chosen in (breaking, safe)]
    return f"{name:<18}{len(rows):>6}" + "".join(f"{part:>20}" for part in parts)


def main() -> int:
    """Print scores by tier, then times and witnesses; 1 when a pair was refused."""
    rows = rows_in(corpus_folder())
    heads = ("strict recall", "false alarms", "lenient recall", "false alarms")
    print(f"{'tier':<18}{'pairs':>6}" + "".join(f"{head:>20}" for head in heads))
    for tier in dict.fromkeys(row.tier for row in rows):
        print(line_of(tier, [row for row in rows if row.tier == tier]))
    print(line_of("oasdiff", [row for row in rows if row.tier.startswith("oasdiff")]))
    print(line_of("all", rows))
    times = sorted(row.seconds * 1000 for row in rows)
    p50, p95 = (times[len(times) * share // 100] for share in (50, 95))
    print(f"a pair: p50 {p50:.1f} ms, p95 {p95:.1f} ms, longest {times[-1]:.1f} ms")
    breaks = [one for row in rows for one in row.found if one.level is Level.BREAKING]
    proved = sum(one.witness is not None for one in breaks)
    print(f"witnesses: {proved}/{len(breaks)} breaks = {proved / len(breaks):.1%}")
    refused = [row.refused for row in rows if row.refused]
    for reason in refused:
        print(f"refused: {reason}")
    return int(bool(refused))


if __name__ == "__main__":
    sys.exit(main())
