"""The keeper: starts the boxed program, reads its output, holds its bounds, ends all of it.

It is a process of its own so that the harness needs no threads, may fork, and may be killed at
any moment: the keeper sees that through a pipe and a pidfd and leaves nothing behind. It has one
thread, since a parent-death signal is sent when the parent's thread ends.
"""

import marshal
import os
import resource
import select
import time

from guardrails.payload.confine import births, landlock, system, tree
from guardrails.payload.confine import start as starts
from guardrails.payload.confine.scope import Scope
from guardrails.payload.confine.spec import BUBBLEWRAP, LANDLOCK, NONE, UNSHARE, Spec

_TICK_SECONDS = 0.04
_GRACE_SECONDS = 0.5
_END_SECONDS = 10.0
_CHUNK = 1 << 16
_THREADS_PER_PROCESS = 16
_SIGNALLED = 128
_LAST_SIGNAL = 64
_MACHINE_RESERVE = 128 << 20  # what sockets and inodes of a box take is in nobody's resident memory
_FILES_RESERVE = 1024
_DISK_RESERVE = 8 << 20
_BOUND_OF_SIGNAL = {-24: "cpu", -25: "file"}
_READ_EVENTS = select.POLLIN | select.POLLHUP | select.POLLERR


def main(descriptor: int) -> None:
    """Keep the program that the Spec in `descriptor` describes; report once when all of it is gone."""
    with os.fdopen(descriptor, "rb") as file:
        spec = Spec.load(file.read())
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - pathlib costs the keeper 10 ms to import
        _close_on_exec(int(name), spec)
    Keeper(spec).run()


def _close_on_exec(descriptor: int, spec: Spec) -> None:
    try:
        os.set_inheritable(descriptor, descriptor == 0 or descriptor in spec.inherit)
    except OSError:  # the descriptor of the listing itself is closed by now
        return


class Keeper:
    """One boxed program, from its start to the report of its end."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._bounds = spec.bounds
        self._stopped_by = ""
        self._error = ""
        self._status: int | None = None
        self._verdict = bytearray()
        self._output: dict[int, bytearray] = {}
        self._kept = 0
        self._living = 0
        self._cpu_seconds = 0.0
        self._leader_deadline = float("inf")
        self._harness_gone = False
        self._was_killed = False
        self._scope: Scope | None = None
        self._started: starts.Started

    def run(self) -> None:
        """Start, watch, end and report."""
        try:
            self._keep()
        except OSError as error:
            self._error = f"the box's keeper failed: {error}"
        finally:
            self._end_all()
        if self._scope:
            self._scope.clean()
        self._drain()
        self._report()

    def _keep(self) -> None:
        system.prctl(system.PR_SET_CHILD_SUBREAPER, 1)
        harness = os.pidfd_open(self._spec.parent)
        if os.getppid() != self._spec.parent:
            return
        if self._spec.rung == LANDLOCK or (self._spec.rung == NONE and landlock.is_sufficient()):
            self._scope = Scope(self._spec)
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        self._output = {out_read: bytearray(), err_read: bytearray()}
        temporary = self._scope.temporary if self._scope else ""
        self._written = [mount.source for mount in self._spec.mounts if mount.kind == "rw"]
        self._written += [temporary] if temporary else []
        self._started = starts.start(self._spec, out_write, err_write, temporary)
        os.close(out_write)
        os.close(err_write)
        self._watch(harness)

    def _watch(self, harness: int) -> None:
        main = os.pidfd_open(self._started.pid)
        poll = select.poll()
        watched = [harness, main, self._spec.control, self._started.verdict, *self._output]
        for descriptor in watched:
            os.set_blocking(descriptor, False)
            poll.register(descriptor, _READ_EVENTS)
        if self._started.births is not None:
            poll.register(self._started.births, select.POLLIN)
        now = time.monotonic()
        deadline, next_look = now + self._bounds.wall_seconds, now + _TICK_SECONDS
        while self._status is None and not self._stopped_by and not self._harness_gone:
            wait = min(next_look, deadline, self._leader_deadline) - time.monotonic()
            for descriptor, _ in poll.poll(max(0.0, wait) * 1000):
                self._on_event(descriptor, harness, poll)
            self._reap()
            now = time.monotonic()
            if now >= self._leader_deadline:
                return
            if now >= deadline:
                self._stopped_by = "wall"
            if now >= next_look:
                self._look()
                next_look = time.monotonic() + _TICK_SECONDS

    def _on_event(self, descriptor: int, harness: int, poll: select.poll) -> None:
        if descriptor == harness:
            self._harness_gone = True
        elif descriptor == self._spec.control:
            self._obey()
        elif descriptor == self._started.births:
            self._judge_birth(descriptor)
        elif descriptor in self._output:
            self._read(descriptor, poll)
        elif descriptor == self._started.verdict:
            data = os.read(descriptor, _CHUNK)
            self._verdict += data
            if not data:
                poll.unregister(descriptor)

    def _obey(self) -> None:
        """A byte asks for a polite end, the end of the pipe for an immediate one."""
        if not os.read(self._spec.control, 1):
            self._harness_gone = True
        elif self._leader_deadline == float("inf"):
            was_told = self._terminate_leader()
            self._leader_deadline = time.monotonic() + (_GRACE_SECONDS if was_told else 0.0)

    def _terminate_leader(self) -> bool:
        """Ask the program to end; False while it is not there to be asked."""
        parent, pid = os.getpid(), self._started.pid
        for _ in range(self._started.depth):
            below = tree.children(pid)
            if not below:
                return False
            parent, pid = pid, below[0]
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        try:
            if tree.parent_of(pid) == parent:
                system.signal_process(pidfd, system.SIGTERM)
        except ProcessLookupError:
            return False
        finally:
            os.close(pidfd)
        return True

    def _read(self, descriptor: int, poll: select.poll) -> None:
        data = os.read(descriptor, _CHUNK)
        if not data:
            poll.unregister(descriptor)
        self._keep_output(descriptor, data)

    def _keep_output(self, descriptor: int, data: bytes) -> None:
        room = self._bounds.output_bytes - self._kept
        self._output[descriptor] += data[:room]
        self._kept += min(len(data), room)
        if len(data) > room:
            self._stopped_by = self._stopped_by or "output"

    @property
    def _most(self) -> int:
        return self._bounds.processes + self._started.depth + (1 if self._scope else 0)

    def _count(self) -> tuple[list[int], int]:
        pids, tasks = tree.descendants(os.getpid(), self._most)
        self._living = len(pids)
        return pids, tasks

    def _judge_birth(self, listener: int) -> None:
        """Let a process fork while there is room; counted anew only when the old count says full."""
        identity = births.notice(listener)
        if identity is None:
            return
        if self._living >= self._most:
            self._count()
        if self._living >= self._most:
            self._stopped_by = self._stopped_by or "processes"
            return
        self._living += 1
        births.grant(listener, identity)

    def _look(self) -> None:
        pids, tasks = tree.descendants(os.getpid())
        bounds = self._bounds
        if (
            len(pids) - self._started.depth > bounds.processes
            or tasks > _THREADS_PER_PROCESS * bounds.processes
        ):
            self._stopped_by = "processes"
        elif self._lacks_memory(pids):
            self._stopped_by = "memory"
        elif any(map(_is_nearly_full, self._written)):
            self._stopped_by = "disk"
        elif self._used(pids) > bounds.cpu_seconds:
            self._stopped_by = "cpu"

    def _lacks_memory(self, pids: list[int]) -> bool:
        bound = self._bounds.memory_bytes
        return tree.memory_bytes(pids, bound) > bound or tree.available_bytes() < _MACHINE_RESERVE

    def _used(self, pids: list[int]) -> float:
        """CPU seconds so far; what init did not reap before it was killed is known only from here."""
        self._cpu_seconds = max(self._cpu_seconds, tree.cpu_seconds(pids) + tree.reaped_seconds(os.getpid()))
        return self._cpu_seconds

    def _reap(self) -> bool:
        """Wait for those that have ended; True while there may be more to come."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._started.pid:
                self._status = os.waitstatus_to_exitcode(status)

    def _end_all(self) -> None:
        """Kill direct children until there are none; what they leave becomes ours (subreaper).

        Only direct children are killed, since nobody but us can free their process ids; where no
        process id namespace ends with its init, the scope's kernel-checked kill comes first.
        """
        deadline = time.monotonic() + _END_SECONDS
        self._was_killed = self._status is None
        self._used(self._count()[0])
        while self._reap():
            if self._scope:
                self._scope.kill_all()
            for pid in tree.children(os.getpid()):
                os.kill(pid, system.SIGKILL)
            time.sleep(0.001)
            if time.monotonic() > deadline:
                self._error = self._error or "processes of the box did not end within 10 s of being killed"
                return

    def _drain(self) -> None:
        if not self._output:
            return
        self._verdict += b"".join(_rest(self._started.verdict))
        for descriptor in self._output:
            for data in _rest(descriptor):
                self._keep_output(descriptor, data)

    def _exit_code(self) -> int:
        code = -system.SIGKILL if self._was_killed or self._status is None else self._status
        if self._spec.rung == UNSHARE and self._verdict.startswith(b"S"):
            return int(self._verdict[1:])
        if self._spec.rung == BUBBLEWRAP and _SIGNALLED < code <= _SIGNALLED + _LAST_SIGNAL:
            return _SIGNALLED - code
        return code

    def _failure(self, stderr: bytes) -> str:
        if self._error:
            return self._error
        if self._verdict.startswith(b"E"):
            return self._verdict[1:].decode("utf-8", "replace")
        if self._was_killed or self._leader_deadline != float("inf"):  # so it may not have come to run
            return ""
        if self._spec.rung == UNSHARE and not self._verdict:
            return "the first process of its namespace was killed"
        if self._spec.rung == BUBBLEWRAP:
            never_ran = b'"exit-code"' not in self._verdict or stderr.startswith(b"bwrap: execvp")
            return stderr.decode("utf-8", "replace").strip() or "bubblewrap failed" if never_ran else ""
        return ""

    def _report(self) -> None:
        streams = [bytes(stream) for stream in self._output.values()] or [b"", b""]
        code = self._exit_code()
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        header = {
            "exit_code": code,
            "stopped_by": self._stopped_by or _BOUND_OF_SIGNAL.get(code, ""),
            "error": self._failure(streams[1]),
            "cpu_seconds": max(usage.ru_utime + usage.ru_stime, self._cpu_seconds),
            "stdout": streams[0],
            "stderr": streams[1],
        }
        with os.fdopen(self._spec.report, "wb") as report:
            try:
                report.write(marshal.dumps(header))
            except BrokenPipeError:
                return


def _is_nearly_full(folder: str) -> bool:
    usage = os.statvfs(folder)
    has_few_files = usage.f_files > 0 and usage.f_favail < _FILES_RESERVE
    return has_few_files or usage.f_bavail * usage.f_frsize < _DISK_RESERVE


def _rest(descriptor: int) -> list[bytes]:
    """Return what is left in a pipe whose writers are gone."""
    os.set_blocking(descriptor, False)
    chunks: list[bytes] = []
    try:
        while data := os.read(descriptor, _CHUNK):
            chunks.append(data)
    except BlockingIOError:
        pass
    return chunks
