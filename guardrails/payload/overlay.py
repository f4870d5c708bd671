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
    from collections.abc import Callable, Iterator

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


def sender(channel: int) -> Callable[..., None]:
    """Return what writes one numbered event to the keeper; all that it calls is bound before any test."""
    write, quoted, joined = os.write, json.encoder.encode_basestring_ascii, ", ".join
    sent = [0]

    def send(**fields: str) -> None:
        fields["number"] = "%d" % sent[0]
        sent[0] += 1
        line = ("{%s}\n" % joined([quoted(name) + ": " + value for name, value in fields.items()])).encode()
        while line:
            line = line[write(channel, line) :]

    return send


def _teller(root: str) -> Callable[[Any], str]:  # Any: pytest's own types are not ours to import
    """Return what shortens a report to the lines that say why; bound now, as all in `recorder` is."""
    place, hidden, text, longest = root + "/", _ADDRESS.sub, str, _LONGEST

    def told(report: Any) -> str:  # Any: see above
        lines = text(report.longreprtext or "").replace(place, "").splitlines()
        kept = [line for line in lines if line[:1] in {">", "E"}] or lines[-3:]
        return hidden("0x...", "\n".join(kept))[:longest]

    return told


def _collection_hooks(
    send: Callable[..., None], told: Callable[[Any], str]
) -> dict[str, Callable[..., None]]:
    """Return the hooks that tell which tests there are, and which files hold none that can be read."""
    quoted, joined = json.encoder.encode_basestring_ascii, ", ".join

    def collected_one(report: Any) -> None:  # Any: see `_teller`
        if report.failed:
            send(uncollected=quoted(report.nodeid), message=quoted(told(report)))

    def collected(session: Any) -> None:  # Any: see `_teller`
        send(collected="[%s]" % joined([quoted(item.nodeid) for item in session.items]))

    return {"pytest_collectreport": collected_one, "pytest_collection_finish": collected}


def recorder(send: Callable[..., None], root: str, pytest: Any) -> object:  # Any: pytest has no types here
    """Return a pytest plugin that sends what it sees of each test, and nothing it is told by others.

    Everything is a local of closures, which the modules that code under test can reach do not name.
    """
    quoted, told = json.encoder.encode_basestring_ascii, _teller(root)
    raised: dict[str, bool] = {}
    outcomes: dict[str, tuple[str, str]] = {}

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)  # type: ignore[untyped-decorator]  # pytest is Any here
    def called(item: Any) -> Iterator[None]:
        # Below every report that could be rewritten.
        outcome: Any = yield
        raised[item.nodeid] = outcome.excinfo is not None

    def ended(report: Any) -> None:
        name = report.nodeid
        known, _ = outcomes.get(name, ("", ""))
        if report.when == "call" or (report.outcome != "passed" and known in {"", "passed", "skipped"}):
            what = report.outcome if report.when == "call" or report.outcome == "skipped" else "error"
            outcomes[name] = (what, told(report) if what != "passed" else "")
        if report.when == "teardown":
            what, message = outcomes.pop(name, ("error", "it was never called"))
            sign = "true" if raised.pop(name, False) else "false"
            send(test=quoted(name), outcome=quoted(what), raised=sign, message=quoted(message))

    hooks = {
        **_collection_hooks(send, told),
        "pytest_runtest_call": called,
        "pytest_runtest_logreport": ended,
    }
    return type("Hooks", (), {"__slots__": (), **{name: staticmethod(one) for name, one in hooks.items()}})()


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

    send = sender(channel)
    tests = [os.path.join(root, test) for test in order["tests"]]  # noqa: PTH118 - ids are no paths
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
    code = int(pytest.main([*options, files[0], *tests, files[1]], plugins=[recorder(send, root, pytest)]))
    send(end="%d" % code)
    return code


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
