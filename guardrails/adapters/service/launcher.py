"""Brings a service up in the box and waits until it answers, without a race and without an orphan.

For an `app` we bind and listen before it starts, so no connection can come too early. A
`command` binds for itself, in a scratch folder that only it and we can write to.
"""

import json
import os
import select
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from guardrails.adapters.scratch import room_in
from guardrails.adapters.service.client import Client, NoAnswer
from guardrails.adapters.service.tail import tail_of
from guardrails.model.errors import ServiceFailure
from guardrails.model.frozen import frozen
from guardrails.model.policy import Service
from guardrails.model.ports import Box, Command, Interpreter, Limits, Process, Request, Response

REQUEST_SECONDS = 10.0
LIMITS = Limits(wall_seconds=1800.0, cpu_seconds=1800, output_bytes=64 << 20)
_REPORT_BYTES = 8192
_STEP_SECONDS = 0.02
_CHECK_SECONDS = 0.2
_LAST_WORDS_SECONDS = 1.0
_LONGEST_SOCKET_PATH = 107
_BACKLOG = 128


@frozen
class Premises:
    """Where a service runs: its files, its interpreter, our payload, and a folder it may write to."""

    checkout: Path
    interpreter: Interpreter
    payload: Path
    scratch: Path

    def root(self, service: Service) -> Path:
        """Return the folder from which the service's modules are imported."""
        return self.checkout / service.root

    def environment(self, service: Service, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the service's whole environment: ours, then policy's, then the caller's variables."""
        place = str(self.scratch)
        own = {
            "PATH": f"{self.interpreter.python.parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": place,
            "TMPDIR": place,
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(self.root(service)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONNOUSERSITE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        return {**own, **service.variables, **variables}

    def command(self, service: Service, argv: tuple[str, ...], variables: Mapping[str, str]) -> Command:
        """Return the boxed command that runs `argv` as the service's code would run."""
        readable = (self.checkout, self.payload, *self.interpreter.readable)
        return Command(
            argv,
            self.root(service),
            environment=self.environment(service, variables),
            readable=readable,
            writable=(self.scratch,),
            limits=LIMITS,
        )


class RunningService:
    """A service that answered its readiness request."""

    def __init__(self, service: Service, process: Process, client: Client) -> None:
        self._service = service
        self._process = process
        self._client = client
        self._outlives_silence = False

    def request(self, request: Request) -> Response:
        """Send one request and return the answer; raises ServiceFailure when there is none in time."""
        try:
            return self._client.request(request)
        except NoAnswer as error:
            asked = f"{request.method} {request.path[:200]}"
            state = "; ".join(_ending(self._process)) if self._is_ending() else "it still runs"
            raise ServiceFailure(
                f"service {self._service.name}: {ascii(asked)[1:-1]}: {error}; {state}"
            ) from error

    def _is_ending(self) -> bool:
        """Whether the service ended, which shows a moment after its connections close; waits once at most."""
        give_up = time.monotonic() + (0.0 if self._outlives_silence else _LAST_WORDS_SECONDS)
        while self.alive():
            if time.monotonic() >= give_up:
                self._outlives_silence = True
                return False
            time.sleep(_STEP_SECONDS)
        return True

    def cpu_seconds(self) -> float:
        """Return user plus system seconds used by the service's processes so far."""
        return self._process.cpu_seconds()

    def alive(self) -> bool:
        """Whether the service still runs."""
        return self._process.is_running()


@contextmanager
def served(
    box: Box, service: Service, premises: Premises, variables: Mapping[str, str]
) -> Iterator[RunningService]:
    """Start the service, wait until it is ready, yield it, and end every process of it."""
    _refuse_what_we_cannot_start(service, premises)
    with ExitStack() as stack:
        deadline = time.monotonic() + service.start_seconds
        path, process, report = _started(box, service, premises, variables, stack)
        client = Client(path, REQUEST_SECONDS)
        stack.callback(client.close)
        _Start(service, process, client, deadline).wait(report)
        yield RunningService(service, process, client)


def _refuse_what_we_cannot_start(service: Service, premises: Premises) -> None:
    place = f"service {service.name}"
    if service.companions:
        names = ", ".join(service.companions)
        raise ServiceFailure(
            f"{place} declares companions ({names}), which do not run in the box yet, so its dynamic gates"
            " cannot judge; give it embedded defaults through `variables`, or drop `companions`"
        )
    if bool(service.app) == bool(service.command):
        raise ServiceFailure(f"{place} needs either `app` or `command`; set one of them in policies/")
    if not premises.root(service).is_dir():
        raise ServiceFailure(f"{place}: the tree has no folder {service.root!r}; correct `root` in policies/")


def _started(
    box: Box, service: Service, premises: Premises, variables: Mapping[str, str], stack: ExitStack
) -> tuple[Path, Process, int]:
    """Start the process; return the socket's path, the process, and the read end of its report."""
    path = premises.scratch / "socket"
    read, write = os.pipe()
    report = stack.enter_context(os.fdopen(read, "rb", buffering=0))
    with ExitStack() as handed:
        # Our copies close as soon as the service holds its own, so its end is seen as an end.
        handed.callback(os.close, write)
        if service.app:
            listener = handed.enter_context(_listening(path))
            argv = _payload_argv(service, premises, listener.fileno(), write)
            inherit: tuple[int, ...] = (listener.fileno(), write)
        else:
            argv, inherit = _command_argv(service, premises, path), ()
        command = premises.command(service, argv, variables)
        process = box.start(replace(command, inherit=inherit))
        stack.callback(process.stop)
    return path, process, report.fileno()


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    """Listen on a new unix socket at `path`, reached through its folder so that length is no bound."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with room_in(path.parent):
            folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                listener.bind(f"/proc/self/fd/{folder}/{path.name}")
            finally:
                os.close(folder)
        listener.listen(_BACKLOG)
        yield listener


def _payload_argv(service: Service, premises: Premises, listener: int, report: int) -> tuple[str, ...]:
    order = {
        "app": service.app,
        "factory": service.factory,
        "root": str(premises.root(service)),
        "socket": listener,
        "report": report,
    }
    return (str(premises.interpreter.python), str(premises.payload / "serve.py"), json.dumps(order))


def _command_argv(service: Service, premises: Premises, path: Path) -> tuple[str, ...]:
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise ServiceFailure(
            f"service {service.name}: the socket's path {path} is longer than a unix socket allows;"
            " set TMPDIR to a shorter path"
        )
    known = {"{socket}": str(path), "{python}": str(premises.interpreter.python)}
    argv = []
    for word in service.command:
        for name, value in known.items():
            word = word.replace(name, value)  # noqa: PLW2901 - both names may stand in one word
        argv.append(word)
    return tuple(argv)


@frozen
class _Start:
    """The wait between the start of a process and its first sound answer."""

    service: Service
    process: Process
    client: Client
    deadline: float

    def wait(self, report: int) -> None:
        """Return when the readiness request is answered; raises ServiceFailure."""
        with ExitStack() as stack:
            watched = select.poll()
            if (ended := _process_end(self.process)) is not None:
                stack.callback(os.close, ended)
                watched.register(ended, select.POLLIN)
            if self.service.app:
                self._wait_for_report(report, watched)
            self._wait_for_answer(watched)

    def _wait_for_report(self, report: int, watched: select.poll) -> None:
        watched.register(report, select.POLLIN)
        said = b""
        while not said.endswith(b"\n"):
            # A box whose end must be read first shows it to `is_running` alone.
            ready = {descriptor for descriptor, _ in self._poll(watched, min(_CHECK_SECONDS, self._left()))}
            if report in ready:
                piece = os.read(report, _REPORT_BYTES)
                said += piece
                if not piece or len(said) > _REPORT_BYTES:
                    break
            elif not self.process.is_running():
                break
            elif time.monotonic() >= self.deadline:
                raise self._failure("it did not report that it is ready")
        watched.unregister(report)
        failed = _failure_in(said)
        if failed:
            # Its traceback follows its report; its end is the sign that all was said.
            self._poll(watched, _LAST_WORDS_SECONDS)
            raise self._failure(f"it did not start: {failed}")
        if failed is None:
            raise self._failure("" if not said else "it sent a report that is none")

    def _wait_for_answer(self, watched: select.poll) -> None:
        last = "it listens on nothing"
        while True:
            if not self.process.is_running():
                raise self._failure("")
            path = self.service.ready or "/"
            try:
                left = max(0.05, min(self._left(), REQUEST_SECONDS))
                answer = self.client.request(Request("GET", path), left)
            except NoAnswer as error:
                last = str(error)
            else:
                if not self.service.ready or 200 <= answer.status < 400:  # noqa: PLR2004 - HTTP
                    return
                last = f"it answers {answer.status}"
            if time.monotonic() >= self.deadline:
                raise self._failure(f"it was not ready: GET {path}: {last}")
            self._poll(watched, min(_STEP_SECONDS, self._left()))

    def _left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    @staticmethod
    def _poll(watched: select.poll, seconds: float) -> list[tuple[int, int]]:
        return watched.poll(seconds * 1000)

    def _failure(self, what: str) -> ServiceFailure:
        """Return the failure: first the cause, which is its end unless `what` says more, last the remedy."""
        waited = "" if time.monotonic() < self.deadline else f" within {self.service.start_seconds:g} s"
        how, words = _ending(self.process)
        cause = f"{what}{waited}; {how}" if what else f"{how} before it was ready"
        key = "`command`" if self.service.command else "`app`"
        remedy = f"see {key}, `ready`, `environment` and `start_seconds` of the service in policies/guardrails.yaml"
        return ServiceFailure(f"service {self.service.name}: {cause}; {_closed(words)}{remedy}")


def _process_end(process: Process) -> int | None:
    """Return a descriptor that becomes readable when the process ends; None where there is none."""
    try:
        return os.pidfd_open(process.host_pid)
    except OSError:
        return None


def _failure_in(report: bytes) -> str | None:
    """Return what a start report says failed, empty for "ready", None when it is no report."""
    try:
        said = json.loads(report)
    except (ValueError, RecursionError):
        return None
    if said == {"ready": True}:
        return ""
    failed = said.get("failed") if isinstance(said, dict) else None
    return tail_of(failed.encode()).strip() or "no reason given" if isinstance(failed, str) else None


def _ending(process: Process) -> tuple[str, str]:
    """End the process; return how it ended and what it said last."""
    still_ran = process.is_running()
    completed = process.stop()
    how = f"it ended with exit {completed.exit_code}"
    if completed.stopped_by:
        how = f"it was stopped by its bound {completed.stopped_by}"
    elif still_ran and completed.exit_code <= 0:  # a failure of its own may be told only now
        how = "it was still running"
    said = tail_of(completed.stderr) or tail_of(completed.stdout)
    if not said:
        return how, "it said nothing"
    return how, f"its last words:\n{said}" if "\n" in said else f"its last words: {said.strip()}"


def _closed(words: str) -> str:
    """Return what was said so that a remedy can follow: on a line of its own after more than one line."""
    return words + ("\n" if "\n" in words else "; ")
