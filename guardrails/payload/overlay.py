"""Runs a project's tests with its own pytest and reports each outcome by id, with canaries.

The order arrives on standard input, which is closed before anything of the project is imported.
A keeper process holds the nonce and the report; the tests run in its child, which can only send
events. Two files of canaries, one before and one after the tests, show whether a failure is
still reported as one.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 2000
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_CONFIGURATIONS = (
    ("pytest.toml", ""),
    (".pytest.toml", ""),
    ("pytest.ini", ""),
    (".pytest.ini", ""),
    ("pyproject.toml", "[tool.pytest"),
    ("tox.ini", "[pytest]"),
    ("setup.cfg", "[tool:pytest]"),
)
# One for each way in which a test insists on something, so that none of them can be switched off.
_CANARIES = (
    ("assert sorted([N, 1]) == [1, N]", "passed"),
    ("assert sorted([N, 1]) == [N, 1]", "failed"),
    ("unittest.TestCase().assertEqual(N, 1)", "failed"),
    ("assert N == pytest.approx(1)", "failed"),
    ("pytest.raises(ValueError, int, 'N')", "failed"),
    ("pytest.fail('N')", "failed"),
    ("assert pytest.raises(ValueError, int, 'xN')", "passed"),
)


class Recorder:
    """A pytest plugin that sends what it sees of each test, and nothing it is told by others."""

    def __init__(self, channel: int, root: str) -> None:
        self._channel = channel
        self._root = root
        self._raised: dict[str, bool] = {}
        self._outcomes: dict[str, tuple[str, str]] = {}
        self._sent = 0

    def send(self, event: dict[str, object]) -> None:
        """Write one numbered event to the keeper."""
        line = json.dumps({**event, "number": self._sent}).encode() + b"\n"
        self._sent += 1
        while line:
            line = line[os.write(self._channel, line) :]

    def pytest_collectreport(self, report: Any) -> None:  # Any: pytest's own types are not ours to import
        """Say which file could not be collected, and why."""
        if report.failed:
            self.send({"uncollected": report.nodeid, "message": self._told(report)})

    def pytest_collection_finish(self, session: Any) -> None:  # Any: see above
        """Say what was collected."""
        self.send({"collected": [item.nodeid for item in session.items]})

    def called(self, item: Any) -> Iterator[None]:  # Any: see above
        """Watch the call itself, below every report that could be rewritten."""
        outcome: Any = yield
        self._raised[item.nodeid] = outcome.excinfo is not None

    def pytest_runtest_logreport(self, report: Any) -> None:  # Any: see above
        """Join the three phases of a test to one outcome, sent when the last is over."""
        known, _ = self._outcomes.get(report.nodeid, ("", ""))
        if report.when == "call" or (report.outcome != "passed" and known in {"", "passed", "skipped"}):
            what = report.outcome if report.when == "call" or report.outcome == "skipped" else "error"
            message = self._told(report) if what != "passed" else ""
            self._outcomes[report.nodeid] = (what, message)
        if report.when == "teardown":
            what, message = self._outcomes.pop(report.nodeid, ("error", "it was never called"))
            raised = self._raised.pop(report.nodeid, False)
            self.send({"test": report.nodeid, "outcome": what, "raised": raised, "message": message})

    def _told(self, report: Any) -> str:  # Any: see above
        lines = str(report.longreprtext or "").replace(self._root + "/", "").splitlines()
        kept = [line for line in lines if line[:1] in {">", "E"}] or lines[-3:]
        return _ADDRESS.sub("0x...", "\n".join(kept))[:_LONGEST]


def canaries(folder: str, chance: random.Random) -> tuple[list[str], dict[str, str]]:
    """Write two files of canaries; return their paths and the outcome each test in them must have."""
    paths: list[str] = []
    expected: dict[str, str] = {}
    for _ in range(2):
        lines = ["import unittest", "", "import pytest", ""]
        for body, outcome in _CANARIES:
            name = "test_%d" % chance.getrandbits(60)
            lines += [
                "",
                "def %s():" % name,
                "    " + body.replace("N", str(chance.randrange(100, 10_000))),
                "",
            ]
            expected[name] = outcome
        path = os.path.join(folder, "test_%d.py" % chance.getrandbits(60))  # noqa: PTH118 - quick start
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - quick start
            file.write("\n".join(lines))
        paths.append(path)
    return paths, expected


def configuration(root: str, tests: list[str]) -> str:
    """Return the file that configures pytest for `tests`, sought from their folder up to `root`."""
    paths = [os.path.join(root, test.split("::")[0]) for test in tests]  # noqa: PTH118 - quick start
    shared = os.path.relpath(os.path.commonpath(paths), root) if paths else "."
    parts = [] if shared == "." else shared.split("/")
    for depth in range(len(parts), -1, -1):
        for name, mark in _CONFIGURATIONS:
            path = os.path.join(root, *parts[:depth], name)  # noqa: PTH118 - quick start
            if os.path.isfile(path):  # noqa: PTH113 - quick start
                with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - quick start
                    if mark in file.read():
                        return path
    return ""


def run_tests(order: dict[str, Any], files: list[str], channel: int) -> int:  # Any: decoded JSON
    """Run pytest on the ordered tests between the canaries; return its exit code."""
    root = order["root"]
    os.chdir(order["home"])
    sys.path[0] = order["home"]
    sys.argv = ["pytest"]
    random.seed(order["seed"])
    import pytest  # noqa: PLC0415 - nothing of the project may be imported before the order is read

    recorder = Recorder(channel, root)
    tests = [os.path.join(root, test) for test in order["tests"]]  # noqa: PTH118 - ids are no paths
    watcher = type("Watcher", (), {"pytest_runtest_call": staticmethod(_watching(recorder, pytest))})
    options = [
        "-q",
        "--rootdir",
        root,
        "-p",
        "no:cacheprovider",
        "--maxfail=0",
        "--continue-on-collection-errors",
    ]
    for plugin in order["plugins"]:
        options += ["-p", plugin]
    # pytest looks for its configuration above all arguments, and the canaries lie outside the project.
    found = configuration(root, order["tests"])
    options += ["-c", found] if found else []
    code = int(pytest.main([*options, files[0], *tests, files[1]], plugins=[recorder, watcher()]))
    recorder.send({"end": code})
    return code


def _watching(recorder: Recorder, pytest: Any) -> Any:  # Any: see above
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)  # type: ignore[untyped-decorator]  # pytest is Any here
    def pytest_runtest_call(item: Any) -> Iterator[None]:
        yield from recorder.called(item)

    return pytest_runtest_call


def keep(order: dict[str, Any]) -> int:  # Any: decoded JSON
    """Run the tests in a child, and write its events, the canaries and its end under the nonce."""
    files, expected = canaries(order["scratch"], random.SystemRandom())
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.close(order["report"])
        order["nonce"] = ""
        code = 70
        try:
            code = run_tests(order, files, write)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as events:
        said = events.read().decode("utf-8", "replace").splitlines()
    _, status = os.waitpid(child, 0)
    report = {
        "nonce": order["nonce"],
        "events": said,
        "canaries": expected,
        "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status),
    }
    content = json.dumps(report).encode()
    while content:
        content = content[os.write(order["report"], content) :]
    return 0


def main() -> int:
    """Read the order from standard input, close it, and keep the run."""
    order = json.loads(sys.stdin.buffer.read())
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.set_inheritable(order["report"], False)  # noqa: FBT003 - the standard library has no keyword here
    return keep(order)


if __name__ == "__main__":
    sys.exit(main())
