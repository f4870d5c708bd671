"""How often the static integrity rules stop merged human work: the price of each rule.

The input is a JSON-lines file (gzip or plain) of patches with `patch` and, where there is one,
`test_patch`. Trees are rebuilt from hunks, so functions are seen in part: whatever lies outside
a hunk counts as still asserting. Rules that need whole files are therefore judged on whole
added or deleted files alone. Run: python benchmarks/integrity_false_alarms.py PATH [--show RULE]
"""

import gzip
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from guardrails.gates.integrity.gate import GATE
from guardrails.gates.integrity.source import parse
from guardrails.model.finding import Effect, Finding
from guardrails.model.verdict import Outcome, outcome_of
from tests.repos.memory import context_for

_HUNK = re.compile(r"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@ ?(.*)$")
_CONTEXT = 3
_UNSEEN = "assert unseen_rest"


@dataclass
class Part:
    """One hunk: its lines with their sign, and the line of code that git says encloses it."""

    header: str
    lines: list[str] = field(default_factory=list)


@dataclass
class File:
    """One file of a patch; an empty name stands for /dev/null."""

    old: str = ""
    new: str = ""
    parts: list[Part] = field(default_factory=list)

    @property
    def is_python(self) -> bool:
        """Whether its parts have to parse."""
        return (self.new or self.old).endswith(".py")


def files_of(patch: str) -> Iterator[File]:
    """Yield the files of a unified diff."""
    current: File | None = None
    for line in patch.splitlines():
        if line.startswith("--- ") and (current is None or not _is_open(current)):
            if current is not None and current.parts:
                yield current
            current = File(old=_name(line))
        elif line.startswith("+++ ") and current is not None and not current.parts:
            current.new = _name(line)
        elif current is not None and (match := _HUNK.match(line)):
            current.parts.append(Part(match.group(3)))
        elif current is not None and current.parts and line[:1] in {" ", "+", "-", ""}:
            current.parts[-1].lines.append(line or " ")
    if current is not None and current.parts:
        yield current


def _is_open(file: File) -> bool:
    return bool(file.new) and not file.parts


def _name(line: str) -> str:
    name = line[4:].partition("\t")[0].strip()
    return "" if name == "/dev/null" else name.removeprefix("a/").removeprefix("b/")


def texts_of(file: File) -> tuple[str, str]:
    """Return what is known of the file before and after; Python parts are made to parse."""
    if not file.is_python:
        return _side(file, "-"), _side(file, "+")
    befores, afters = [], []
    for number, part in enumerate(file.parts):
        before, after = _python(part, number, whole=not (file.old and file.new))
        befores.append(before)
        afters.append(after)
    return "\n".join(befores), "\n".join(afters)


def _side(file: File, sign: str) -> str:
    return "\n".join(line[1:] for part in file.parts for line in part.lines if line[0] in {" ", sign}) + "\n"


def _python(part: Part, number: int, *, whole: bool) -> tuple[str, str]:
    """Return both sides of a hunk as code, shortened by context lines until both parse."""
    lines = list(part.lines)
    if whole:
        return tuple("\n".join(one[1:] for one in lines if one[0] in {" ", sign}) for sign in "-+")  # type: ignore[return-value]  # two signs, two texts
    first = next((i for i, one in enumerate(lines) if one[0] != " "), 0)
    last = len(lines) - next((i for i, one in enumerate(reversed(lines)) if one[0] != " "), 0)
    for start in range(first + 1):
        for end in range(len(lines), last - 1, -1):
            sides = [_scaffold(part.header, number, lines[start:end], sign) for sign in "-+"]
            if all(parse(side) is not None for side in sides):
                return sides[0], sides[1]
    return "", ""


def _scaffold(header: str, number: int, lines: list[str], sign: str) -> str:
    body = [one[1:] for one in lines if one[0] in {" ", sign}]
    start = next((one for one in body if one.strip()), "")
    indent = len(start) - len(start.lstrip())
    above: list[str] = []
    if indent:
        name = re.match(r"\s*(?:async )?(?:class|def) (\w+)", header)
        is_class = header.lstrip().startswith("class")
        opening = (
            f"class {name.group(1)}:"
            if is_class and name
            else f"def {name.group(1) if name else 'test_part'}():"
        )
        above.append(opening)
        if is_class and indent > 4:
            above.append(f"    def test_part_{number}(self):")
        if not (is_class and indent <= 4):
            above.append(" " * indent + _UNSEEN)
    tail = next((one for one in reversed(body) if one.strip()), "")
    depth = len(tail) - len(tail.lstrip())
    if len(lines) > _CONTEXT and any(one[0] != " " for one in lines[-_CONTEXT:]):
        depth = 0  # the hunk ends with the file, so nothing is unseen
    opens = tail.rstrip().endswith(":")
    rest = " " * (depth + 4 if opens else depth) + _UNSEEN if depth or opens else ""
    return "\n".join([*above, *body, rest])


def trees_of(
    row: Mapping[str, object], seen: Counter[str]
) -> tuple[dict[str, str | bytes], dict[str, str | bytes]]:
    """Return the files of both trees as far as a patch shows them; `seen` counts Python files."""
    base: dict[str, str | bytes] = {"setup.py": "", "tests/__init__.py": ""}
    head = dict(base)
    for key in ("patch", "test_patch"):
        for file in files_of(str(row.get(key) or "")):
            before, after = texts_of(file)
            if file.is_python:
                seen["read" if before.strip() or after.strip() else "unread"] += 1
            if file.old and (before.strip() or not file.is_python):
                base[file.old] = before.encode("utf-8", "surrogateescape")
            if file.new and (after.strip() or not file.is_python):
                head[file.new] = after.encode("utf-8", "surrogateescape")
    return base, head


def rows_of(path: Path) -> Iterator[Mapping[str, object]]:
    """Yield the rows of a JSON-lines file."""
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    yield from (json.loads(line) for line in text.splitlines())


def main(path: Path, shown: str) -> None:
    """Print the share of changes that each rule blocks or sends to review."""
    blocks, reviews, outcomes = Counter[str](), Counter[str](), Counter[Outcome]()
    seen = Counter[str]()
    rows, started = 0, time.process_time()
    for row in rows_of(path):
        base, head = trees_of(row, seen)
        findings = GATE.run(context_for(base, head)).findings
        rows += 1
        outcomes[outcome_of(findings)] += 1
        blocks.update({one.rule for one in findings if one.effect is Effect.BLOCK})
        reviews.update({one.rule for one in findings if one.effect is Effect.REVIEW})
        _show(row, findings, shown)
    seconds = time.process_time() - started
    print(f"{rows} changes, {1000 * seconds / max(rows, 1):.1f} ms CPU each")
    print(f"{seen['read']} Python files read in part or whole, {seen['unread']} not")
    for outcome, count in sorted(outcomes.items()):
        print(f"{outcome.value:10} {count:5} {100 * count / rows:6.2f} %")
    for rule in sorted(blocks | reviews):
        print(f"{rule}  block {100 * blocks[rule] / rows:6.2f} %  review {100 * reviews[rule] / rows:6.2f} %")


def _show(row: Mapping[str, object], findings: tuple[Finding, ...], shown: str) -> None:
    for one in findings:
        if shown in {one.rule, one.effect.value}:
            print(
                f"{row.get('id')} {row.get('repo') or row.get('instance_id')} {one.rule} {one.location} {one.message}"
            )
            print("   ", one.evidence[:1])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[3] if "--show" in sys.argv else "")
