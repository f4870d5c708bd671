"""GR509: continuous integration, a commit hook or an agent hook differs."""

import re
from collections import Counter
from collections.abc import Iterator
from posixpath import basename

from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.view import View
from guardrails.model.change import FileChange
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_FILE = ".github/workflows/ci.yml"
_JOB = "jobs:\n  gate:\n    steps:\n      - run: guardrails review\n"
_DEFUSED = re.compile(
    r"continue-on-error:\s*['\"]?true|;\s*(true|exit 0)\s*$|pull_request_target"
    r"|set \+e|--allow-unsandboxed|allow_failure:\s*true|if:\s*['\"]?(false|\$\{\{\s*false)|--no-verify"
    r"|permissions:\s*write-all|--exit-zero|^\t-[^\n]*(pytest|guardrails|ruff|mypy)|--suppress-no-test-exit-code"
    r"|PYTEST_ADDOPTS|^\s*exit 0\s*$"
)
_SHRUGGED = re.compile(r"\|\|\s*(true\b|:|exit 0|echo|/bin/true)")
_TESTING = re.compile(r"(?i)(test|check|lint|gate|verify|review|^\|\|)")
_GUARD = re.compile(r"\bguardrails\b")
_CHECK = re.compile(r"\b(guardrails|pytest|tox|nox|ruff|mypy|coverage|make (test|check|gate))\b")

RULE = Rule(
    id="GR509",
    name="pipeline-changed",
    gate="integrity",
    summary="A pipeline or hook differs: what runs the checks is not what base runs.",
    why="A check whose failure nobody sees, or that is no longer started, does not exist.",
    remedy="Restore the step; propose pipeline changes in a change of their own.",
    effect=Effect.BLOCK,
    bad=(
        Example(base={_FILE: _JOB}, files={_FILE: _JOB.replace("review", "review || true")}),
        Example(base={_FILE: _JOB}, files={_FILE: _JOB.replace("guardrails review", "echo ok")}),
        Example(base={_FILE: _JOB}, files={_FILE: _JOB + "      - run: make docs\n"}),
    ),
    good=(
        Example(base={_FILE: _JOB}, files={_FILE: "# the gate\n" + _JOB}),
        Example(
            base={"Makefile": "docs:\n\tmkdocs build\n"},
            files={"Makefile": "docs:\n\tmkdocs build --strict\n"},
        ),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield one finding for each pipeline file that does something else than before."""
    files = [one for one in view.files(Role.PIPELINE) if basename(one.path) != "CODEOWNERS"]
    started = Counter[str]()
    for file in files:
        started.update(line for line in _lines(view.after(file.path)))
    for file in files:
        yield from _changed(file, view.before(file.path), view.after(file.path), started)


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line)
        if bare.strip():
            yield bare.strip() if not bare.startswith("\t-") else "\t" + bare.strip()


def _changed(file: FileChange, before: str, after: str, started: Counter[str]) -> Iterator[Finding]:
    old, new = Counter(_lines(before)), Counter(_lines(after))
    gained, lost = sorted((new - old).elements()), sorted((old - new).elements())
    if not gained and not lost:
        return
    defused = [line for line in gained if _DEFUSED.search(line) or _is_shrugged_off(line)]
    guards = [line for line in lost if _GUARD.search(line) and not started[line]]
    dropped = guards if _count(_GUARD, old) > _count(_GUARD, started) else []
    if not dropped and _count(_CHECK, old) and not _count(_CHECK, started):
        dropped = [line for line in lost if _CHECK.search(line)]
    if defused or dropped:
        what = f"lets a check fail unseen: {defused[0]!r}" if defused else f"no longer runs {dropped[0]!r}"
        yield _finding(file.path, Effect.BLOCK, what, lost, gained)
    elif basename(file.path) != "Makefile" or any(_CHECK.search(line) for line in (*gained, *lost)):
        yield _finding(file.path, Effect.REVIEW, "differs", lost, gained)


def _is_shrugged_off(line: str) -> bool:
    return bool(_SHRUGGED.search(line)) and bool(_CHECK.search(line) or _TESTING.search(line))


def _count(pattern: re.Pattern[str], lines: Counter[str]) -> int:
    return sum(count for line, count in lines.items() if pattern.search(line))


def _finding(path: str, effect: Effect, what: str, lost: list[str], gained: list[str]) -> Finding:
    return finding_of(
        RULE,
        effect,
        Location(path),
        f"pipeline {path!r} {what}",
        subject=f"{path} {what}",
        evidence=(Before("\n".join(lost), "\n".join(gained)),),
    )
