"""What the runs of base's and head's tests mean for a change, service by service."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from guardrails.gates.integrity.documents.requirements import states_requirements
from guardrails.gates.integrity.overlay import rules
from guardrails.gates.integrity.overlay.run import Bench, Ending, Run
from guardrails.gates.integrity.overlay.spoiled import SpoiledTree
from guardrails.gates.integrity.overlay.tree import OverlayTree, judges
from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.suites.suite import Case
from guardrails.gates.integrity.view import View
from guardrails.model.errors import CannotJudge
from guardrails.model.evidence import TestOutcome, Transcript
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.frozen import frozen, replace
from guardrails.model.policy import Service
from guardrails.model.ports import Laboratory
from guardrails.model.rule import Report, Rule, finding_of

_MOST_RERUN = 50
_SHOWN = 600
_LINE = 120
_MISSING = Ending("missing", "it was not collected")
_PARAMETERS = re.compile(r"\[.*\]$", re.DOTALL)


def report_on(view: View, services: tuple[Service, ...], laboratory: Laboratory) -> Report:
    """Return what base's tests say about head's code; what cannot be run becomes `undecided`."""
    findings: list[Finding] = []
    facts: list[str] = []
    for service in services:
        if not service.tests:
            facts.append(f"service {service.name}: no tests named in policy")
            continue
        if not _concerns(view, service):
            facts.append(f"service {service.name}: the change touches none of its files and no code")
            continue
        trial = Trial(view, service, laboratory)
        try:
            findings += trial.findings()
            facts += trial.facts()
        except CannotJudge as error:
            findings.append(_on_service(rules.RUN_IMPOSSIBLE, service, str(error)))
    return Report(findings=tuple(findings), facts=tuple(facts))


def _concerns(view: View, service: Service) -> bool:
    """Whether the change may alter what the service's tests say; only documents elsewhere may not."""
    return any(
        view.roles[one.path] not in {Role.OTHER, Role.PIPELINE}
        or service.owns(one.path)
        or states_requirements(one.path)
        for one in view.change.files
    )


def _on_service(rule: Rule, service: Service, message: str) -> Finding:
    where = Location(service.tests[0] if service.tests else service.root, 0, service.name)
    return finding_of(rule, rule.effect, where, message, subject=rule.name)


@frozen
class Trial:
    """One service's tests: base's on base, base's on head, and head's own on head."""

    view: View
    service: Service
    laboratory: Laboratory

    @cached_property
    def bench(self) -> Bench:
        """Where the suites run."""
        return Bench(self.laboratory, self.service, self.view.settings)

    @cached_property
    def overlay(self) -> OverlayTree:
        """Head's code with base's tests."""
        return OverlayTree(
            self.view.base, self.view.head, lambda path: judges(path, self.service, self.view.settings)
        )

    def _present(self, paths: frozenset[str]) -> tuple[str, ...]:
        wanted = [one.rstrip("/") for one in self.service.tests]
        return tuple(
            one for one in wanted if one in paths or any(path.startswith(one + "/") for path in paths)
        )

    @cached_property
    def _present_on_base(self) -> tuple[str, ...]:
        return self._present(frozenset(self.view.base.entries()))

    @cached_property
    def on_base(self) -> Run:
        """Base's tests on base's code."""
        return self.bench.run_cached(self.view.base, self._present_on_base)

    @cached_property
    def on_head(self) -> Run:
        """Base's tests on head's code; base's own run where head changes only what judges."""
        if self.overlay.entries() == self.view.base.entries():
            return self.on_base
        return self.bench.run(self.overlay, self.view.head, self._present_on_base)

    @cached_property
    def own(self) -> Run:
        """Head's tests on head's code; the overlay's run where head touches nothing that judges."""
        head = self.view.head
        if self.overlay.entries() == head.entries():
            return self.on_head
        present = self._present(frozenset(head.entries()))
        return self.bench.run(head, head, present) if present else Run()

    def findings(self) -> list[Finding]:
        """Return what the three runs show."""
        base = self.on_base
        if base.refused:
            raise CannotJudge(
                f"tests of base do not run on base: {base.refused}; see `plugins` and `variables`"
            )
        if base.forged or not base.passed:
            why = f": {base.forged}" if base.forged else ", none of them passes"
            return [_on_service(rules.NOTHING_TO_RUN, self.service, f"tests of base were run on base{why}")]
        forged = [run.forged for run in (self.on_head, self.own) if run.forged]
        if forged:
            return [
                _on_service(rules.RUN_FORGED, self.service, f"the test run was tampered with: {forged[0]}")
            ]
        if self.on_head.refused:
            what = f"no test of base can be run on head: {self.on_head.refused}"
            return [_on_service(rules.BASE_TEST_UNCOLLECTED, self.service, what)]
        if self.own.refused:
            raise CannotJudge(
                f"head's own tests do not run: {self.own.refused}; see `plugins` and `variables`"
            )
        found = [*self._broken(), *self._own_failures()]
        # Proof of what passed costs a run, and says nothing more where the change is blocked anyway.
        return found if any(one.effect is Effect.BLOCK for one in found) else [*found, *self._unproven()]

    def _unproven(self) -> Iterator[Finding]:
        """Yield a finding when tests are reported as passed on head although they were made to fail."""
        passed = self.on_base.passed & self.on_head.passed
        if self.on_head is self.on_base or not passed:
            return
        names = _functions_by_file(passed)
        run = self.bench.run(
            SpoiledTree(self.overlay, names, os.urandom(16).hex()), self.view.head, self._present_on_base
        )
        if run.forged or run.refused:
            what = f"the run of tests that must fail was tampered with: {run.forged or run.refused}"
            yield _on_service(rules.RUN_FORGED, self.service, what)
            return
        endings = {name: run.endings.get(name, _MISSING).outcome for name in sorted(passed)}
        open_ones = [name for name, outcome in endings.items() if outcome in {"passed", _MISSING.outcome}]
        able = self._able_to_fail(names) if open_ones else frozenset()
        lies = [name for name in open_ones if name in able and endings[name] == "passed"]
        if lies:
            what = f"test {lies[0]!a} is reported as passed although it was made to fail"
            yield _on_service(rules.RUN_FORGED, self.service, what)
        elif lost := [name for name in open_ones if name in able]:
            raise CannotJudge(f"test {lost[0]!a} passes on head, and vanishes when it is made to fail")

    def _able_to_fail(self, names: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """Return the tests that fail on base when they are made to; a few cannot be, whatever the code."""
        run = self.bench.run_cached(SpoiledTree(self.view.base, names, ""), self._present_on_base)
        return frozenset(name for name, one in run.endings.items() if one.outcome in {"failed", "error"})

    def facts(self) -> list[str]:
        """Return how many tests stand behind the findings."""
        base = self.on_base
        if base.refused:
            raise CannotJudge(
                f"tests of base do not run on base: {base.refused}; see `plugins` and `variables`"
            )
        if base.forged or not base.passed:
            return []
        still = len(base.passed & self.on_head.passed)
        idle = len(base.endings) - len(base.passed)
        return [
            f"service {self.service.name}: {len(base.passed)} tests of base pass on base, {still} on head"
            + (f"; {idle} do not pass on base" if idle else "")
        ]

    def _broken(self) -> Iterator[Finding]:
        failing = sorted(self.on_base.passed - self.on_head.passed)
        skipped_files = {_file_of(name): message for name, message in self.on_head.uncollected.items()}
        for path in sorted({_file_of(name) for name in failing} & skipped_files.keys()):
            yield self._uncollected(path, skipped_files[path])
        rest = [name for name in failing if _file_of(name) not in skipped_files]
        again = self._again(self.overlay, rest)
        for name in rest:
            ending = self.on_head.endings.get(name, _MISSING)
            if again.get(name, ending).outcome == "passed":
                yield self._unstable(name, ending)
            else:
                yield self._failed(name, ending)

    def _again(self, tree: OverlayTree, names: list[str]) -> dict[str, Ending]:
        """Run deciding tests once more; more than a few failures are no accident."""
        known = [name for name in names if name in self.on_head.endings]
        if not known or len(known) > _MOST_RERUN:
            return {}
        return dict(self.bench.run(tree, self.view.head, known).endings)

    def _failed(self, name: str, ending: Ending) -> Finding:
        edited = self._is_edited(name)
        beside = "; head also edits this test, so a person decides whether the behaviour was meant to change"
        return finding_of(
            rules.BASE_TEST_FAILS,
            Effect.REVIEW if edited else Effect.BLOCK,
            _location(name),
            f"test {name!a} passes on base and fails on head: {_first_line(ending)}"
            + (beside if edited else ""),
            subject=name,
            evidence=(TestOutcome(name, "passed", ending.outcome, ending.message),),
        )

    def _unstable(self, name: str, ending: Ending) -> Finding:
        return finding_of(
            rules.TEST_UNSTABLE,
            Effect.UNDECIDED,
            _location(name),
            f"test {name!a} failed and then passed on the same code",
            subject=name,
            evidence=(TestOutcome(name, "passed", f"{ending.outcome}, then passed"),),
        )

    def _uncollected(self, path: str, message: str) -> Finding:
        follows = path in self.view.suites_after and any(_file_of(name) == path for name in self.own.passed)
        text = f"test file {path!r} of base cannot be imported on head"
        return finding_of(
            rules.BASE_TEST_UNCOLLECTED,
            Effect.REVIEW if follows else Effect.BLOCK,
            Location(path),
            text + ("; head's version of it passes" if follows else ""),
            subject=path,
            evidence=(Transcript(f"pytest {path}", message[-_SHOWN:]),),
        )

    def _own_failures(self) -> Iterator[Finding]:
        if self.own is self.on_head:
            return
        known = self.on_base.endings
        for path, message in sorted(self.own.uncollected.items()):
            if path not in self.on_base.uncollected:
                yield self._own(path, Ending("error", message))
        for name, ending in sorted(self.own.endings.items()):
            was_broken = name in known and known[name].outcome in {"failed", "error"}
            if ending.outcome in {"failed", "error"} and not was_broken:
                yield self._own(name, ending)

    def _own(self, name: str, ending: Ending) -> Finding:
        return finding_of(
            rules.HEAD_TEST_FAILS,
            Effect.BLOCK,
            _location(name),
            f"head's own test {name!a} fails: {_first_line(ending)}",
            subject=name,
            evidence=(TestOutcome(name, "not run", ending.outcome, ending.message),),
        )

    def _is_edited(self, name: str) -> bool:
        """Whether head rewrites this test, or a fixture or function that serves it, and keeps the test."""
        test = _PARAMETERS.sub("", name)
        pair = next((one for one in self.view.pairing.pairs if one.base.id == test), None)
        if pair is not None and _meaning(pair.base) != _meaning(pair.head):
            return True
        is_gone = any(one.id == test for one in self.view.pairing.removed)
        return not is_gone and any(
            _serves(path, name) and self._support_differs(path) for path in self._changed
        )

    @cached_property
    def _changed(self) -> tuple[str, ...]:
        return tuple(path for path in self.view.suites_before if path in self.view.suites_after)

    def _support_differs(self, path: str) -> bool:
        suites = (self.view.suites_before[path], self.view.suites_after[path])
        old, new = ({n: _meaning(c) for n, c in one.cases.items() if not c.is_test} for one in suites)
        return any(name not in new or new[name] != meaning for name, meaning in old.items())


def _functions_by_file(names: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return the qualified names of test functions, without parameters, by the path of their file."""
    found: dict[str, set[str]] = {}
    for name in names:
        path, _, function = _PARAMETERS.sub("", name).partition("::")
        found.setdefault(path, set()).add(function)
    return {path: frozenset(functions) for path, functions in found.items()}


def _meaning(case: Case) -> Case:
    """Return the case without the places where things stand, for comparison."""
    plain = tuple(replace(one, line=0) for one in case.assertions)
    skips = tuple(replace(one, line=0) for one in case.skips)
    return replace(case, path="", name="", line=0, assertions=plain, skips=skips)


def _serves(path: str, name: str) -> bool:
    """Whether the file at `path` is the test's own, or a conftest above it."""
    folder, _, file = path.rpartition("/")
    return path == _file_of(name) or (file == "conftest.py" and name.startswith(folder))


def _file_of(name: str) -> str:
    return name.split("::", 1)[0]


def _location(name: str) -> Location:
    path, _, symbol = name.partition("::")
    return Location(path, 0, symbol)


def _first_line(ending: Ending) -> str:
    """Return what the test insisted on, printable: the failing line, and pytest's explanation if both fit."""
    lines = [line[1:].strip() for line in ending.message.splitlines() if line[:1] in {">", "E"}]
    lines = ["".join(map(_printable, line)) for line in lines if line.strip()] or [ending.outcome]
    both = " / ".join(lines[:2])
    if len(both) <= _LINE:
        return both
    return lines[0] if len(lines[0]) <= _LINE else f"{lines[0][: _LINE - 3]}..."


def _printable(letter: str) -> str:
    """Return the letter, or its escape; a whole text's `ascii` would escape its quotes as well."""
    plain = letter.isascii() and letter.isprintable()
    return letter if plain else letter.encode("unicode_escape", "surrogatepass").decode()
