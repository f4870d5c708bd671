"""Starts the keeper of one boxed program and reads its report.

All watching, capturing and killing is the keeper's (`payload/confine/keeper.py`); the harness only
holds two pipes, so it needs no threads and leaves nothing running when it is killed.
"""

import contextlib
import marshal
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from guardrails.adapters.box import view
from guardrails.model.errors import BoxError
from guardrails.model.policy import BoxLevel
from guardrails.model.ports import Command, Completed
from guardrails.payload.confine import tree
from guardrails.payload.confine.spec import Bounds, Mount, Spec

_STANDARD = (0, 1, 2)
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the keeper reported; `error` is why the program never ran as asked."""

    completed: Completed
    cpu_seconds: float
    error: str


class BoxedProcess:
    """A boxed program that is still running, behind its keeper; implements the Process port."""

    def __init__(self, keeper: "subprocess.Popen[bytes]", control: int, report: int) -> None:
        self._keeper = keeper
        self._control = control
        self._report = report
        self._outcome: Outcome | None = None

    @property
    def host_pid(self) -> int:
        """Process id of the keeper, which lives as long as anything in the box does."""
        return self._keeper.pid

    def is_running(self) -> bool:
        """Whether the keeper has nothing to report yet."""
        if self._outcome is not None:
            return False
        poll = select.poll()
        poll.register(self._report, select.POLLIN)
        return not poll.poll(0)

    def cpu_seconds(self) -> float:
        """Return the seconds used so far by all processes of the box, the keeper's own excepted."""
        if not self.is_running():
            return self._ended().cpu_seconds
        pids, _ = tree.descendants(self._keeper.pid)
        return tree.cpu_seconds(pids) + tree.reaped_seconds(self._keeper.pid)

    def stop(self) -> Completed:
        """End the program politely, then all of it for sure; raises BoxError if it never ran."""
        if self._outcome is None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._control, b"T")
        return self.wait()

    def wait(self) -> Completed:
        """Return how the program ended, once it has; an interrupt ends it at once."""
        outcome = self._ended()
        if outcome.error:
            raise BoxError(f"the box could not run the program: {outcome.error}")
        return outcome.completed

    def _ended(self) -> Outcome:
        if self._outcome is None:
            self._outcome = _lost("it was interrupted")
            try:
                data = _read_all(self._report)
            finally:
                os.close(self._control)
                os.close(self._report)
                self._keeper.wait()
            self._outcome = _outcome(data)
        return self._outcome


def _read_all(descriptor: int) -> bytes:
    chunks = []
    while chunk := os.read(descriptor, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def _lost(reason: str) -> Outcome:
    return Outcome(Completed(-signal.SIGKILL, b"", b""), 0.0, reason)


def _outcome(data: bytes) -> Outcome:
    try:
        header = marshal.loads(data)  # noqa: S302 - from our own keeper, which nothing in the box can reach
    except (EOFError, ValueError, TypeError):
        return _lost("its keeper was killed before it could report; run again")
    completed = Completed(header["exit_code"], header["stdout"], header["stderr"], header["stopped_by"])
    return Outcome(completed, header["cpu_seconds"], header["error"])


def launched(
    level: BoxLevel, command: Command, mounts: list[Mount], *, tool: str = "", temporary: str = ""
) -> BoxedProcess:
    """Start `command` under a keeper that confines it as `level` does; raises BoxError."""
    try:
        return _launched(level, command, mounts, tool, temporary)
    except OSError as error:
        remedy = "free some processes, memory or file descriptors, and run again"
        raise BoxError(f"the box's keeper could not be started: {error}; {remedy}") from error


def _launched(
    level: BoxLevel, command: Command, mounts: list[Mount], tool: str, temporary: str
) -> BoxedProcess:
    for descriptor in command.inherit:
        _check_inherited(descriptor)
    with contextlib.ExitStack() as stack:
        control_read, control = _pipe(stack)
        report, report_write = _pipe(stack)
        spec = Spec(
            rung=str(level),
            parent=os.getpid(),
            control=control_read,
            report=report_write,
            argv=[_program(command), *command.argv[1:]],
            directory=str(command.directory),
            environment=dict(command.environment),
            inherit=list(command.inherit),
            mounts=mounts,
            bounds=_bounds(command),
            tool=tool,
            temporary=temporary,
        )
        keeper = _keeper(spec, command)
        for descriptor in (control_read, report_write):
            os.close(descriptor)
        stack.pop_all()
    return BoxedProcess(keeper, control, report)


def _keeper(spec: Spec, command: Command) -> "subprocess.Popen[bytes]":
    with _memory_file(spec.dump()) as told, _memory_file(command.stdin) as stdin:
        script = view.payload_folder() / "confine" / "run.py"
        passed = (told, spec.control, spec.report, *command.inherit)
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(script), str(told)],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=passed,
            env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
            cwd="/",
            start_new_session=True,
        )


def _pipe(stack: contextlib.ExitStack) -> tuple[int, int]:
    """Open a pipe whose ends are closed again if what follows fails."""
    ends = os.pipe()
    for end in ends:
        stack.callback(os.close, end)
    return ends


@contextlib.contextmanager
def _memory_file(content: bytes) -> Iterator[int]:
    descriptor = os.memfd_create("guardrails")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _bounds(command: Command) -> Bounds:
    limits = command.limits
    return Bounds(
        wall_seconds=limits.wall_seconds,
        cpu_seconds=limits.cpu_seconds,
        memory_bytes=limits.memory_bytes,
        processes=limits.processes,
        output_bytes=limits.output_bytes,
        file_bytes=limits.file_bytes,
    )


def _program(command: Command) -> str:
    """Return the absolute path of the program, looked up on the command's own PATH."""
    name = command.argv[0]
    found = name if "/" in name else shutil.which(name, path=command.environment.get("PATH", _DEFAULT_PATH))
    if found is None or not (command.directory / found).exists():
        raise BoxError(f"the program {name!r} does not exist; name an interpreter or tool that is installed")
    return found


def _check_inherited(descriptor: int) -> None:
    """Refuse what would be a way out: a folder reaches its `..`, a network socket the host's network."""
    if descriptor in _STANDARD:
        raise BoxError(f"file descriptor {descriptor} is the box's own; pass a copy with a higher number")
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISSOCK(mode):
        with socket.socket(fileno=os.dup(descriptor)) as inherited:
            is_safe = inherited.family == socket.AF_UNIX
    else:
        is_safe = stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or _is_null(descriptor, mode)
    if not is_safe:
        raise BoxError(
            f"file descriptor {descriptor} would lead out of the box; pass a unix socket, a pipe or a file"
        )


def _is_null(descriptor: int, mode: int) -> bool:
    return stat.S_ISCHR(mode) and os.fstat(descriptor).st_rdev == Path(os.devnull).stat().st_rdev
