"""Plays scripts against a service: by the payload that forks it for each script, or over its socket.

What the payload reports was said in a process that the project's code shares, so lengths and
shapes are checked before anything is believed.
"""

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from guardrails.adapters.service.launcher import Premises
from guardrails.adapters.service.tail import tail_of
from guardrails.model.errors import ServiceFailure
from guardrails.model.policy import Service
from guardrails.model.ports import Box, Command, Process, Request, Response, Server, Silence, Step
from guardrails.payload.binding import bound

CLOCK = 1767225600.25  # 2026-01-01T00:00:00.25Z: a moment with a fraction, as moments have
STEP_SECONDS = 5.0
_MOST_DEATHS = 3
_LENGTHS = struct.Struct(">II")
_MOST_HEADER = 1 << 20
_MOST_BODY = 8 << 20
_LATE = 10.0
_SHORT = 160
Frame = tuple[dict[str, object], bytes]


class _Broken(Exception):
    """The payload said what is no report, or nothing; the text says what."""


class BoxedPlayer:
    """The payload's side of one service; implements the Player port."""

    def __init__(self, service: Service, process: Process, link: socket.socket) -> None:
        self._service = service
        self._process = process
        self._link = link
        self._handlers: Mapping[str, tuple[str, ...]] | None = None

    @property
    def handlers(self) -> Mapping[str, tuple[str, ...]]:
        """`module:name` of the functions behind each `METHOD /path`; waits until the application is loaded."""
        if self._handlers is None:
            self._handlers = self._opened()
        return self._handlers

    def _opened(self) -> Mapping[str, tuple[str, ...]]:
        """Wait until the application is loaded; raises ServiceFailure with why it is not."""
        try:
            told, _ = self._read(time.monotonic() + self._service.start_seconds)
        except _Broken as error:
            raise self._failure(f"it was not loaded: {error}") from None
        if told.get("ready") is not True:
            raise self._failure(f"it was not loaded: {tail_of(str(told.get('failed')).encode()).strip()}")
        handlers = told.get("handlers")
        if not isinstance(handlers, dict):
            return {}
        return {name: tuple(map(str, found)) for name, found in handlers.items() if isinstance(found, list)}

    def play(
        self, steps: Sequence[Step], *, independent: bool, entropy: int = 0, afar: bool = False
    ) -> Sequence[Response | Silence]:
        """Return the answer to each step; where one dies or hangs, only `independent` ones after it go on."""
        self.handlers  # noqa: B018 - it waits until the application is loaded
        answers: list[Response | Silence] = []
        deaths = 0
        while len(answers) < len(steps) and deaths <= _MOST_DEATHS:
            order = {"first": len(answers), "seed": entropy, "afar": afar}
            found, reason = self._played(steps[len(answers) :], order)
            answers += found
            if len(answers) < len(steps):
                answers.append(Silence(reason))
                deaths += 1 if independent else _MOST_DEATHS + 1
        return answers + [Silence("not asked after that")] * (len(steps) - len(answers))

    def _played(
        self, steps: Sequence[Step], order: Mapping[str, object]
    ) -> tuple[list[Response | Silence], str]:
        script = json.dumps([_plain(step) for step in steps]).encode()
        try:
            self._send({"seconds": STEP_SECONDS, **order}, script)
            return self._answers(len(steps))
        except (_Broken, OSError) as error:
            raise self._failure(f"it stopped playing: {error}") from None

    def _answers(self, number: int) -> tuple[list[Response | Silence], str]:
        """Return the answers up to the end of the script, and how it ended."""
        answers: list[Response | Silence] = []
        while True:
            header, body = self._read(time.monotonic() + STEP_SECONDS + _LATE)
            if "end" in header:
                how = {"": "died", "hung": "gave no answer in time"}.get(str(header["end"]), "died")
                return answers, how
            if len(answers) >= number:
                raise _Broken("it answers more than it was asked")
            answers.append(_answer(header, body))

    def _send(self, header: Mapping[str, object], body: bytes) -> None:
        text = json.dumps(header).encode()
        self._link.settimeout(STEP_SECONDS + _LATE)
        self._link.sendall(_LENGTHS.pack(len(text), len(body)) + text + body)

    def _read(self, deadline: float) -> Frame:
        header, body = _LENGTHS.unpack(self._exactly(_LENGTHS.size, deadline))
        if header > _MOST_HEADER or body > _MOST_BODY:
            raise _Broken("it reports more than is read")
        try:
            told = json.loads(self._exactly(header, deadline))
        except (ValueError, RecursionError):
            raise _Broken("its report is not JSON") from None
        if not isinstance(told, dict):
            raise _Broken("its report is no object")
        return told, self._exactly(body, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise _Broken("it says nothing in time")
            self._link.settimeout(left)
            try:
                piece = self._link.recv(size - len(parts))
            except TimeoutError:
                raise _Broken("it says nothing in time") from None
            except OSError as error:
                raise _Broken(f"its channel broke: {error.strerror}") from None
            if not piece:
                raise _Broken("it ended")
            parts += piece
        return bytes(parts)

    def _failure(self, what: str) -> ServiceFailure:
        completed = self._process.stop()
        words = tail_of(completed.stderr)
        said = f"\n{words}\n" if words else " "
        return ServiceFailure(
            f"service {self._service.name}: {what};{said}see `app`, `environment` and `start_seconds`"
            " of the service in policies/guardrails.yaml"
        )


def _plain(step: Step) -> list[object]:
    request = step.request
    uses = [[one.placeholder, one.step, one.pointer] for one in step.uses]
    return [request.method, request.path, request.headers, request.body.decode("latin-1"), uses]


def _answer(header: dict[str, object], body: bytes) -> Response | Silence:
    status, pairs = header.get("status"), header.get("headers")
    if not isinstance(status, int) or not isinstance(pairs, list):
        return Silence(str(header.get("silent"))[:_SHORT])
    found = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:  # noqa: PLR2004 - a name and a value
            raise _Broken("a header of its report is no pair")
        found.append((str(pair[0]), str(pair[1])))
    if "crash" in header:
        found.append(("x-guardrails-crash", str(header["crash"])[:_SHORT]))
    return Response(status, tuple(found), body)


@contextmanager
def playing(box: Box, service: Service, premises: Premises, hash_seed: int) -> Iterator[BoxedPlayer]:
    """Begin to load the service in the box, yield its player, and end every process of it."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = box.start(_command(service, premises, theirs.fileno(), hash_seed))
        try:
            yield BoxedPlayer(service, process, ours)
        finally:
            process.stop()


def _command(service: Service, premises: Premises, channel: int, hash_seed: int) -> Command:
    order = {
        "app": service.app,
        "factory": service.factory,
        "root": str(premises.root(service)),
        "writable": str(premises.scratch),
        "channel": channel,
        "clock": CLOCK,
        "preload": True,
    }
    argv = (str(premises.interpreter.python), str(premises.payload / "play.py"), json.dumps(order))
    command = premises.command(service, argv, {"PYTHONHASHSEED": str(hash_seed)})
    return replace(command, inherit=(channel,))


class SocketPlayer:
    """Plays over HTTP a service that only its own command can start: launched anew for each script."""

    def __init__(self, launched: Callable[[], AbstractContextManager[Server]]) -> None:
        self._launched = launched
        self.handlers: Mapping[str, tuple[str, ...]] = {}

    def play(
        self, steps: Sequence[Step], *, independent: bool, entropy: int = 0, afar: bool = False
    ) -> Sequence[Response | Silence]:
        """Return the answer to each step; where one dies or hangs, only `independent` ones after it go on."""
        del entropy, afar  # only our own payload can hold randomness still, and move clocks and clients
        answers: list[Response | Silence] = []
        deaths = 0
        while len(answers) < len(steps) and deaths <= _MOST_DEATHS:
            with self._launched() as server:
                for step in steps[len(answers) :]:
                    answers.append(_asked(server, _bound(step, answers)))
                    if isinstance(answers[-1], Silence):
                        deaths += 1 if independent else _MOST_DEATHS + 1
                        break
        return answers + [Silence("not asked after that")] * (len(steps) - len(answers))


def replaying(launched: Callable[[], AbstractContextManager[Server]]) -> SocketPlayer:
    """Return a player over the servers that `launched` starts."""
    return SocketPlayer(launched)


def _asked(server: Server, request: Request) -> Response | Silence:
    try:
        return server.request(request)
    except ServiceFailure:
        return Silence("gave no answer in time" if server.alive() else "died")


def _bound(step: Step, answers: Sequence[Response | Silence]) -> Request:
    uses = [(one.placeholder, one.step, one.pointer) for one in step.uses]
    before = [one.body if isinstance(one, Response) else b"" for one in answers]
    path, body = bound(step.request.path, step.request.body.decode("latin-1"), uses, before)
    return replace(step.request, path=path, body=body.encode("latin-1"))
