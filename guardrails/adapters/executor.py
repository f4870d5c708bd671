"""Run gates in forked children, so that time, memory and crashes stay theirs.

A child that hangs, eats memory, is killed or dies of a signal becomes an error value; the
others go on. Short jobs first share one child, which saves a third of a hook's CPU time; what it
does not bring to an end gets a child of its own. Children end with us, also when we are killed:
the kernel sends them SIGTERM on our death, and each then unwinds through its own cleanup.
"""

import io
import os
import resource
import selectors
import signal
import sys
import time
from _pickle import UnpicklingError, dumps, load  # without what only Python's own form of it needs: 1 ms
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

from guardrails.model.errors import BoundExceeded, CannotJudge

if TYPE_CHECKING:
    from guardrails.adapters.crowd import Crowd

ResultT = TypeVar("ResultT")

_GRACE_SECONDS = 5.0
_SHORT_SECONDS = 30.0  # a child this short may outlive us; asking the kernel would cost it 5 ms
_SHARING_SECONDS = 60.0  # a job that may take longer than this surely will
_SHARED_SECONDS = 2.0  # what takes longer is better off with a child, and a processor, of its own
_RESULT_BYTES = 256 << 20
_PR_SET_PDEATHSIG = 1
_ENDING_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})


class _Child(Generic[ResultT]):
    """A forked child that runs the named jobs in turn and sends each result as it comes."""

    def __init__(self, names: tuple[str, ...], pid: int, pipe: int, deadline: float) -> None:
        self.names = names
        self.pid = pid
        self.pipe = pipe
        self.deadline = deadline
        self.told_to_end = False
        self.received = bytearray()


class ForkingExecutor:
    """Runs jobs in forked children, at most `workers` at once; `at_end` runs in each child last of all.

    With a `crowd`, jobs that must be alone have the machine to themselves among all our runs.
    """

    def __init__(
        self,
        workers: int | None = None,
        at_end: Callable[[], None] | None = None,
        crowd: "Crowd | None" = None,
    ) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._at_end = at_end
        self._crowd = crowd

    def run_all(
        self,
        jobs: Mapping[str, Callable[[], ResultT]],
        *,
        seconds: Mapping[str, float],
        memory_bytes: int,
        alone: frozenset[str],
    ) -> Mapping[str, ResultT | BaseException]:
        """Run every job, those in `alone` with nothing beside them; return results or what stopped them."""
        ended: dict[str, ResultT | BaseException] = {}
        together = [name for name in jobs if name not in alone]
        for group in (together, *([name] for name in jobs if name in alone)):
            if group:
                with self._company(group, alone):
                    self._run_group({name: jobs[name] for name in group}, seconds, memory_bytes, ended)
        return ended

    def _company(self, group: list[str], alone: frozenset[str]) -> AbstractContextManager[None]:
        if self._crowd is None:
            return nullcontext()
        return self._crowd.alone() if group[0] in alone else self._crowd.shared()

    def _run_group(
        self,
        jobs: Mapping[str, Callable[[], ResultT]],
        seconds: Mapping[str, float],
        memory_bytes: int,
        ended: dict[str, ResultT | BaseException],
    ) -> None:
        waiting = _shares(jobs, seconds)
        running: dict[int, _Child[ResultT]] = {}
        with selectors.DefaultSelector() as selector:
            try:
                while waiting or running:
                    while waiting and len(running) < self._workers:
                        share = waiting.pop(0)
                        with _signals_held():
                            child = self._started({name: jobs[name] for name in share}, seconds, memory_bytes)
                            running[child.pipe] = child
                        selector.register(child.pipe, selectors.EVENT_READ)
                    waiting += _step(selector, running, ended)
            finally:
                _end_all(running.values())

    def _started(
        self, jobs: Mapping[str, Callable[[], ResultT]], seconds: Mapping[str, float], memory_bytes: int
    ) -> _Child[ResultT]:
        longest = max(seconds[name] for name in jobs)
        bound = longest if len(jobs) == 1 else min(longest, _SHARED_SECONDS)
        sys.stdout.flush()
        sys.stderr.flush()
        reading, writing = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            self._be_child(jobs, writing, memory_bytes, parent if bound > _SHORT_SECONDS else None)
        os.close(writing)
        return _Child(tuple(jobs), pid, reading, time.monotonic() + bound)

    def _be_child(
        self,
        jobs: Mapping[str, Callable[[], ResultT]],
        writing: int,
        memory_bytes: int,
        parent: int | None,
    ) -> NoReturn:
        status = 1
        try:
            signal.signal(signal.SIGTERM, _leave)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING_SIGNALS)
            if parent is not None:
                _end_with(parent)
            _bound_memory(memory_bytes)
            try:
                for name, job in jobs.items():
                    _write_all(writing, dumps((name, job())))
            finally:
                if self._at_end is not None:
                    self._at_end()
            status = 0
        finally:
            os._exit(status)


def _shares(names: Collection[str], seconds: Mapping[str, float]) -> list[tuple[str, ...]]:
    """Return the names as the children get them: the short jobs together, each other one alone."""
    short = tuple(name for name in names if seconds[name] <= _SHARING_SECONDS)
    return [*([short] if short else []), *((name,) for name in names if name not in short)]


@contextmanager
def _signals_held() -> Iterator[None]:
    """Put an interrupt off, so that no child is forked without being known."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave(number: int, frame: object) -> NoReturn:
    del frame
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _end_with(parent: int) -> None:
    """Ask the kernel to end this process when its parent dies; no effect where it cannot."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # noqa: PLC0415 - 5 ms that the parent need not pay

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(128 + signal.SIGTERM)


def _bound_memory(memory_bytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if sys.platform.startswith("linux") and (hard == resource.RLIM_INFINITY or hard > memory_bytes):
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, hard))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _step(
    selector: selectors.BaseSelector,
    running: dict[int, _Child[ResultT]],
    ended: dict[str, ResultT | BaseException],
) -> list[tuple[str, ...]]:
    """Wait for something to happen; return the jobs that a shared child left, to be run alone."""
    left: list[tuple[str, ...]] = []
    nearest = min(child.deadline for child in running.values())
    for key, _ in selector.select(max(0.0, nearest - time.monotonic())):
        child = running[key.fd]
        chunk = os.read(key.fd, 1 << 20)
        child.received += chunk
        if not chunk or len(child.received) > _RESULT_BYTES:
            selector.unregister(key.fd)
            del running[key.fd]
            sound, failure = _collected(child)
            ended.update(sound)
            missing = [name for name in child.names if name not in sound]
            if len(child.names) == 1:
                ended.update(dict.fromkeys(missing, failure))
            else:
                left += [(name,) for name in missing]
    for child in running.values():
        _enforce(child)
    return left


def _enforce(child: _Child[ResultT]) -> None:
    now = time.monotonic()
    if now < child.deadline:
        return
    _signal(child.pid, signal.SIGKILL if child.told_to_end else signal.SIGTERM)
    child.told_to_end = True
    child.deadline = now + _GRACE_SECONDS


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _collected(child: _Child[ResultT]) -> tuple[dict[str, ResultT], BaseException]:
    """Return what an ended child sent, and what to say of a job whose result it did not send."""
    os.close(child.pipe)
    if len(child.received) > _RESULT_BYTES:
        _signal(child.pid, signal.SIGKILL)
    _, status = os.waitpid(child.pid, 0)
    name = child.names[0]
    if len(child.names) == 1 and (child.told_to_end or status != 0):
        child.received.clear()
    results: dict[str, ResultT] = {}
    if len(child.received) <= _RESULT_BYTES:
        results.update(_results_in(child.received))
    if child.told_to_end:
        said = f"the {name} gate ran out of its time; split the change, then judge again"
        return results, BoundExceeded(said)
    return results, CannotJudge(
        f"the {name} gate {_ending(status)}; judge again, with more memory if it repeats"
    )


def _results_in(received: bytearray) -> Iterator[tuple[str, ResultT]]:
    """Yield the results that arrived whole, by name."""
    stream = io.BytesIO(received)
    while True:
        try:
            result: tuple[str, ResultT] = load(stream)
        except (EOFError, UnpicklingError):
            return
        yield result


def _ending(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"was killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"ended with status {os.waitstatus_to_exitcode(status)} and no report"


def _end_all(left: Collection[_Child[ResultT]]) -> None:
    """Ask the children that are left to end, wait within the grace, then kill; used on interrupt."""
    for child in left:
        _signal(child.pid, signal.SIGTERM)
    give_up = time.monotonic() + _GRACE_SECONDS
    for child in left:
        if not _drained(child.pipe, give_up):
            _signal(child.pid, signal.SIGKILL)
        os.close(child.pipe)
        os.waitpid(child.pid, 0)


def _drained(pipe: int, give_up: float) -> bool:
    """Whether the writer of `pipe` closed it before the time was up."""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while (remaining := give_up - time.monotonic()) > 0 and selector.select(remaining):
            if not os.read(pipe, 1 << 20):
                return True
    return False
