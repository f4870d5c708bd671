"""One run of a test suite in the box, and whether its report can be believed.

The report was written beside code that is judged, so every part of it is checked: the nonce,
the numbering, the canaries, the end record and the exit code, and each id exactly once.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence

from guardrails.gates.integrity.settings import IntegritySettings
from guardrails.model.errors import BoundExceeded, CannotJudge
from guardrails.model.frozen import field, frozen, replace
from guardrails.model.policy import Service
from guardrails.model.ports import Command, Completed, Interpreter, Laboratory, Limits, Tree

_REPORT_BYTES = 64 << 20
_TESTS_FAILED = 1
_REFUSALS = frozenset({2, 3, 4, 5})  # pytest's own: interrupted, internal error, usage, nothing collected
_TAIL = 400
_ENDINGS = frozenset({"passed", "failed", "skipped", "error"})


@frozen
class Ending:
    """How one test ended, and what pytest said about it."""

    outcome: str
    message: str = ""


@frozen
class Run:
    """What a run of a suite showed: endings by test id, files that could not be collected.

    `forged` says in one sentence why the report cannot be believed; empty when it can. `refused`
    is what pytest said when it ended honestly without running anything.
    """

    endings: Mapping[str, Ending] = field(default_factory=dict)
    uncollected: Mapping[str, str] = field(default_factory=dict)
    forged: str = ""
    refused: str = ""

    @property
    def passed(self) -> frozenset[str]:
        """The ids of the tests that passed."""
        return frozenset(name for name, ending in self.endings.items() if ending.outcome == "passed")


@frozen
class Bench:
    """Where suites of one service run: its laboratory and what base's settings allow."""

    laboratory: Laboratory
    service: Service
    settings: IntegritySettings

    def run(self, tree: Tree, environment: Tree, tests: Sequence[str]) -> Run:
        """Run `tests` on the files of `tree` with the interpreter of `environment`; raises CannotJudge."""
        nonce = os.urandom(16).hex()
        report = os.memfd_create("tests")
        scratch = self.laboratory.scratch(f"tests-{self.service.name}")
        root = self.laboratory.checkout(tree)
        order = {
            "root": str(root),
            "home": str(root / self.service.root),
            "scratch": str(scratch),
            "tests": list(tests),
            "plugins": list(self.settings.plugins),
            "seed": self.laboratory.seed,
            "report": report,
            "nonce": nonce,
        }
        try:
            interpreter = self.laboratory.interpreter(self.service, environment)
            seconds = self.settings.overlay_seconds
            command = Command(
                (str(interpreter.python), "-s", str(self.laboratory.payload / "overlay.py")),
                root / self.service.root,
                environment=self._environment(interpreter, str(scratch)),
                readable=(root, self.laboratory.payload, *interpreter.readable),
                writable=(scratch,),
                stdin=json.dumps(order).encode(),
                limits=Limits(wall_seconds=seconds, cpu_seconds=int(seconds) + 1),
                inherit=(report,),
            )
            completed = self.laboratory.box.run(command)
            said = os.pread(report, _REPORT_BYTES, 0)
        finally:
            os.close(report)
        return _believed(said, nonce, _without(completed, f"{root}/"), self.service)

    def _environment(self, interpreter: Interpreter, scratch: str) -> dict[str, str]:
        own = {
            "PATH": f"{interpreter.python.parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": scratch,
            "TMPDIR": scratch,
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONNOUSERSITE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            # Hypothesis then draws the same examples each time and stores none beside the code.
            "CI": "true",
            "HYPOTHESIS_STORAGE_DIRECTORY": f"{scratch}/hypothesis",
        }
        return {**own, **self.settings.variables}

    def run_cached(self, tree: Tree, tests: Sequence[str]) -> Run:
        """Return what `run` returns on base's own tree, from the cache where it was run before."""
        laboratory = self.laboratory
        interpreter = laboratory.interpreter(self.service, tree).digest
        payload = (laboratory.payload / "overlay.py").read_bytes()
        level = laboratory.box.level.value
        identity = (tree.id, interpreter, level, self.service, tuple(tests), self.settings)
        digest = hashlib.sha256(repr(identity).encode() + payload).hexdigest()
        key = f"tests {digest}"
        found = _decoded(laboratory.cache.get(key))
        if found is None:
            found = self.run(tree, tree, tests)
            if not found.forged and not found.refused:
                laboratory.cache.put(key, _encoded(found))
        return found


def _encoded(run: Run) -> bytes:
    endings = {name: [one.outcome, one.message] for name, one in run.endings.items()}
    return json.dumps([endings, dict(run.uncollected)]).encode()


def _decoded(content: bytes | None) -> Run | None:
    if content is None:
        return None
    endings, uncollected = json.loads(content)
    return Run({name: Ending(*parts) for name, parts in endings.items()}, uncollected)


def _believed(said: bytes, nonce: str, completed: Completed, service: Service) -> Run:
    """Return the run that a report tells of; raises CannotJudge when there is none to speak of."""
    place = f"service {service.name}: its tests"
    if completed.stopped_by:
        raise BoundExceeded(f"{place} hit the bound {completed.stopped_by}; see `overlay_seconds`")
    try:
        report = json.loads(said)
        events = [json.loads(line) for line in report["events"]]
        expected, code, given = report["canaries"], report["exit"], report["nonce"]
    except (ValueError, KeyError, TypeError, RecursionError):
        if not said:
            raise CannotJudge(f"{place} did not run: {_tail(completed)}") from None
        return Run(forged="the report of the test run is not what the runner writes")
    if given != nonce:
        return Run(forged="the report does not carry the nonce of this run")
    if isinstance(code, int) and code < 0:
        raise CannotJudge(f"{place} crashed with signal {-code}: {_tail(completed)}")
    if code in _REFUSALS and {"end": code, "number": len(events) - 1} in events:
        return Run(refused=f"pytest ended with {code}: {_tail(completed)}")
    return _checked(events, expected, code)


def _without(completed: Completed, folder: str) -> Completed:
    """Return the same ending with paths relative to the project, so that it reads alike everywhere."""
    place = folder.encode()
    return replace(
        completed,
        stdout=completed.stdout.replace(place, b""),
        stderr=completed.stderr.replace(place, b""),
    )


def _tail(completed: Completed) -> str:
    """Return the last words of a run, safe to print; often the option that no loaded plugin knows."""
    said = (completed.stderr or completed.stdout).decode("utf-8", "replace").strip()
    return ascii(said[-_TAIL:])


def _checked(events: list[dict[str, object]], expected: Mapping[str, str], code: int) -> Run:
    endings: dict[str, Ending] = {}
    uncollected: dict[str, str] = {}
    collected: list[object] = []
    faults: list[str] = []
    for number, event in enumerate(events):
        if event.get("number") != number:
            faults.append("its events are not numbered as sent")
        if "uncollected" in event:
            uncollected[str(event["uncollected"])] = str(event.get("message", ""))
        elif isinstance(listed := event.get("collected"), list):
            collected += listed
        elif "test" in event:
            faults += _take(event, endings)
    faults += _faults_of_the_end(events, code)
    if sorted(map(str, collected)) != sorted(endings):
        faults.append("the tests that ended are not the tests that were collected")
    shown = {name.rsplit("::", 1)[-1]: one.outcome for name, one in endings.items()}
    if any(shown.get(name) != outcome for name, outcome in expected.items()):
        faults.append("a canary did not end as it must")
    real = {name: one for name, one in endings.items() if name.rsplit("::", 1)[-1] not in expected}
    return Run(real, uncollected, faults[0] if faults else "")


def _take(event: Mapping[str, object], into: dict[str, Ending]) -> list[str]:
    """Add one test's ending; return what is wrong with it."""
    name, outcome = str(event["test"]), str(event.get("outcome"))
    faults = []
    if name in into:
        faults.append(f"{name!a} ended twice")
    if outcome not in _ENDINGS:
        faults.append(f"{name!a} ended as nothing that pytest knows")
    if event.get("raised") and outcome == "passed":
        faults.append(f"{name!a} raised and was reported as passed")
    into[name] = Ending(outcome, str(event.get("message", "")))
    return faults


def _faults_of_the_end(events: list[dict[str, object]], code: int) -> list[str]:
    ends = [event["end"] for event in events if "end" in event]
    if ends != [code]:
        return [f"it ended with {code} and not as its end record says"]
    if code != _TESTS_FAILED:
        return [f"it ended with {code} although a canary must fail"]
    return []
