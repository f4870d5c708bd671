"""Runs the harness' own command line on a repository, and sees whether it leaves anything behind.

Each run has a home, a TMPDIR and a cache of its own, and this process adopts what the run
orphans, so that a process, a scratch folder or a crash note that stays is noticed.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0
_SET_SUBREAPER = 36
_STEP_SECONDS = 0.002


@dataclass(frozen=True)
class Ended:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def verdict(self) -> dict[str, object]:
        """The JSON report on standard output."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def settled(self) -> dict[str, object]:
        """The JSON report without what was measured."""
        return {name: value for name, value in self.verdict.items() if name != "measured"}

    @property
    def rules(self) -> set[str]:
        """The rules of the JSON report's findings."""
        findings = self.verdict["findings"]
        assert isinstance(findings, list)
        return {one["rule"] for one in findings}

    def outcome(self, gate: str) -> str:
        """Return a gate's outcome in the JSON report."""
        gates = self.verdict["gates"]
        assert isinstance(gates, list)
        return str(next(one["outcome"] for one in gates if one["name"] == gate))

    def reason(self, gate: str) -> str:
        """Return a gate's reason in the JSON report."""
        gates = self.verdict["gates"]
        assert isinstance(gates, list)
        return str(next(one["reason"] for one in gates if one["name"] == gate))


@dataclass
class Arena:
    """One user of the harness: a repository, and folders that belong to nobody else."""

    repository: Path
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    python: Path = Path(sys.executable)

    def __post_init__(self) -> None:
        for name in ("home", "tmp", "cache"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of a run."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            **self.variables,
        }

    def run(
        self,
        *words: str,
        stdin: bytes = b"",
        cwd: Path | None = None,
        variables: Mapping[str, str] | None = None,
        clean: bool = True,
    ) -> Ended:
        """Run the command line to its end; with `clean`, nothing may be left and no traceback shown."""
        with self.started(*words, cwd=cwd, variables=variables) as process:
            out, err = process.communicate(stdin, timeout=300)
        ended = Ended(
            process.returncode, out.decode("utf-8", "backslashreplace"), err.decode("utf-8", "replace")
        )
        assert "Traceback" not in ended.err
        assert "fault of the harness" not in ended.out
        if clean:
            assert self.leftovers() == []
        return ended

    def review(self, *words: str, variables: Mapping[str, str] | None = None) -> Ended:
        """Judge HEAD against `main` and return the JSON report with the exit code."""
        base = () if "--base" in words else ("--base", "main")
        return self.run("review", *base, "--format", "json", *words, variables=variables)

    @contextlib.contextmanager
    def started(
        self, *words: str, cwd: Path | None = None, variables: Mapping[str, str] | None = None
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Start the command line; at the end, every process that it started must end by itself."""
        before = set(children(os.getpid()))
        with _adopting():
            process = subprocess.Popen(
                [str(self.python), "-m", "guardrails", *words],
                cwd=cwd or self.repository,
                env={**self.environment, **(variables or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                process.communicate()
                _await_orphans(before)

    def leftovers(self) -> list[str]:
        """Return what lies in TMPDIR besides the empty folder that runs share."""
        return sorted(
            str(path.relative_to(self.folder / "tmp"))
            for path in (self.folder / "tmp").rglob("*")
            if path.name != f"guardrails-{os.getuid()}"
        )


def until(fact: Callable[[], object]) -> None:
    """Wait until `fact` holds; fails the test when it does not within reason."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not fact():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(_STEP_SECONDS)


def children(pid: int) -> list[int]:
    """Return the process ids of the children of `pid`, zombies included."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    """Return the process ids of all that `pid` started, nearest first."""
    found = children(pid)
    for one in found:
        found += [other for other in children(one) if other not in found]
    return found


def command_line(pid: int) -> str:
    """Return the words with which a process was started; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


@contextlib.contextmanager
def _adopting() -> Iterator[None]:
    prctl = ctypes.CDLL(None).prctl
    prctl(_SET_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_SET_SUBREAPER, 0, 0, 0, 0)


def _await_orphans(before: set[int]) -> None:
    """Reap what was orphaned to us; fails the test when something lives on."""
    give_up = time.monotonic() + PATIENCE_SECONDS / 2
    while left := [pid for pid in children(os.getpid()) if pid not in before]:
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > give_up:
            shown = [f"{pid}: {command_line(pid)[:120]}" for pid in left]
            for pid in left:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            raise AssertionError(f"left behind: {shown}")
        time.sleep(_STEP_SECONDS)
