"""What runs in the box for a team's rule programs: load them, show them the tree, report.

It is our own code with the rules of base; nothing here is believed without a check outside.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import ModuleType

from guardrails.analysis.code.graph import Graph
from guardrails.analysis.code.hooks import NO_HOOKS, Hooks
from guardrails.analysis.code.tree import Code
from guardrails.gates.architecture.asking.looking import found_by
from guardrails.gates.architecture.catalog import Check, check_of, listed_as, looks_of
from guardrails.gates.architecture.module import Found, Module
from guardrails.gates.architecture.settings import Settings
from guardrails.gates.architecture.team.examples import failures_of
from guardrails.model.change import Entry, Mode
from guardrails.model.frozen import frozen
from guardrails.model.rule import Rule

_HIDDEN = "guardrails_team_rule_"


@frozen
class Sources:
    """A tree of files that were handed in."""

    files: Mapping[str, bytes]

    @property
    def id(self) -> str:
        """Nothing: this tree is in no repository."""
        return ""

    def entries(self) -> Mapping[str, Entry]:
        """Return every file; its content's digest stands in for a blob id."""
        return {
            path: Entry(Mode.FILE, hashlib.sha256(content).hexdigest())
            for path, content in self.files.items()
        }

    def read(self, path: str) -> bytes | None:
        """Return a file's content."""
        return self.files.get(path)

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Return the contents of those that exist."""
        return {path: self.files[path] for path in paths if path in self.files}


class NoCache:
    """Keeps nothing: the box lives for one run."""

    def get(self, key: str) -> bytes | None:
        """Return nothing."""
        del key
        return None

    def put(self, key: str, value: bytes) -> None:
        """Keep nothing."""


def main() -> None:
    """Read an order from standard input and print the report as the last line of standard output."""
    work = json.loads(sys.stdin.buffer.read())
    # What a rule prints is not the report.
    report = os.dup(1)
    os.dup2(2, 1)
    told = examined(work["examine"]) if "examine" in work else judged(work)
    with os.fdopen(report, "wb") as out:
        out.write(json.dumps(told).encode() + b"\n")


def examined(rules: Mapping[str, str]) -> dict[str, list[list[object]]]:
    """Return (rule id, number of examples, what is wrong with them) for each rule file."""
    rows: list[list[object]] = []
    for path, text in rules.items():
        try:
            check = loaded(path, text.encode("latin-1"))
            rule = check.rule
            wrong = list(failures_of(rule, partial(_said, check)))
            rows.append([rule.id, len(rule.bad) + len(rule.good), wrong])
        except Exception as error:  # noqa: BLE001 - a rule of somebody else's; the others are still tried
            rows.append([path, 0, [f"{path} could not be tried: {type(error).__name__}: {error}"]])
    return {"examined": rows}


def _said(check: Check, files: Mapping[str, bytes]) -> list[str]:
    return [f"line {row[6]}: {row[8]}" for row in _rows(check, files, sorted(files), (".",))]


def findings_in(tree: "Sources", look: Callable[[Module], Iterator[Found]]) -> list[str]:
    """Return what `look` says of every module of a tree that it is handed, a line each."""
    graph = Graph(Code(tree, NoCache()))
    modules = [
        Module(path, graph.modules.name_of(path), graph.code.facts(path), graph, Settings())
        for path in sorted(tree.files)
    ]
    return [f"line {one.line}: {one.message}" for module in modules for one in look(module)]


def judged(work: Mapping[str, Mapping[str, str]]) -> dict[str, list[list[object]]]:
    """Return the rows of what the rules find, and of the rule files that broke."""
    files = {path: text.encode("latin-1") for path, text in work["files"].items()}
    found: list[list[object]] = []
    broken: list[list[object]] = []
    for path, text in work["rules"].items():
        try:
            check = loaded(path, text.encode("latin-1"))
            found += _rows(check, files, list(work["judge"]), tuple(work["roots"]))
        except Exception as error:  # noqa: BLE001 - a rule of somebody else's; the others still judge
            broken.append([path, f"{type(error).__name__}: {error}"])
    return {"found": found, "broken": broken}


def loaded(path: str, source: bytes) -> Check:
    """Return the rule of one program; raises whatever the program does, and ImportError for a wrong form."""
    module = ModuleType(_HIDDEN + hashlib.sha256(path.encode()).hexdigest()[:8])
    module.__file__ = path
    exec(compile(source, path, "exec"), vars(module))  # noqa: S102 - in the box, and base's own rule
    if not isinstance(vars(module).get("RULE"), Rule):
        raise ImportError("it defines no RULE; write RULE = Rule(...) as the guide shows")  # noqa: TRY004 - as documented
    return check_of(path, vars(module))


def _rows(
    check: Check, files: Mapping[str, bytes], paths: list[str], roots: tuple[str, ...]
) -> Iterator[list[object]]:
    hooks = Hooks("team", lambda: looks_of([listed_as(check)])) if check.marks_in else NO_HOOKS
    graph = Graph(Code(Sources(files), NoCache(), roots, hooks=hooks))
    for path in paths:
        if path not in files or graph.code.facts(path).unparsable:
            continue
        module = Module(
            path, graph.modules.name_of(path), graph.code.facts(path), graph, Settings(roots=roots)
        )
        for rule, one in found_by(check, module):
            if rule.id != check.rule.id:
                raise RuntimeError(one.message)
            yield [
                *(rule.id, rule.name, rule.summary, one.remedy or rule.remedy, rule.effect.value),
                *(one.path or path, one.line, one.scope, one.message, one.subject),
            ]
