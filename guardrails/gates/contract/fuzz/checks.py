"""Checks that base's `invariants.py` holds against any answer, run in a box of their own.

They stand there as `CHECKS`, lists of functions by operation (`GET /items`, or `*`); each takes
the request and the answer as plain data and returns None or a sentence. The box is started at
the first answer and asked again and again, since starting it costs more than a hundred answers.
"""

import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from guardrails.gates.contract import rules
from guardrails.gates.contract.answers import Problem
from guardrails.gates.contract.fuzz.acts import Act
from guardrails.gates.contract.settings import Settings
from guardrails.model.errors import CannotJudge
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Command, Limits, Process, Response, Silence

_SECONDS = 60.0
_MOST_BYTES = 16 << 20
_LIMITS = Limits(wall_seconds=1800.0, cpu_seconds=600)
_PIECE = 1 << 16


class Checks:
    """Base's checks of one service; without any, nothing is run. What it starts ends with `stack`."""

    def __init__(self, context: Context, service: Service, stack: ExitStack) -> None:
        settings = context.policy.settings_for("contract", Settings)
        self._context = context
        self._service = service
        self._stack = stack
        self._path = f"{service.contract}/{settings.invariants}" if service.contract else ""
        source = context.base.read(self._path) if self._path else None
        self._wanted = source is not None and b"CHECKS" in source
        self._link: tuple[socket.socket, Process] | None = None

    def problems(self, act: Act, answers: Sequence[Response | Silence]) -> Iterator[tuple[int, Problem]]:
        """Yield what the checks say of the good answers of an act; raises CannotJudge when they do not run."""
        if not self._wanted:
            return
        cases = [
            {
                "operation": line.operation,
                "request": {
                    "method": line.step.request.method,
                    "path": line.step.request.path,
                    "body": line.step.request.body.decode("utf-8", "replace"),
                },
                "status": answer.status if isinstance(answer, Response) else 0,
                "headers": dict(answer.headers) if isinstance(answer, Response) else {},
                "body": answer.body.decode("utf-8", "replace") if isinstance(answer, Response) else "",
            }
            for line, answer in zip(act.script.lines, answers, strict=True)
        ]
        for index, name, sentence in self._said(cases):
            if 0 <= index < len(cases):
                yield (
                    index,
                    Problem(rules.CHECK_BROKEN, name, f"breaks the check {name}: {ascii(sentence)[1:-1]}"),
                )

    def _said(self, cases: object) -> list[tuple[int, str, str]]:
        link, process = self._link = self._link or self._started()
        try:
            link.settimeout(_SECONDS)
            link.sendall(json.dumps(cases).encode() + b"\n")
            found = json.loads(_line(link))
            return [(int(one[0]), str(one[1]), str(one[2])) for one in found]
        except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
            completed = process.stop()
            words = completed.stderr.decode("utf-8", "backslashreplace").strip().splitlines()[-1:]
            why = completed.stopped_by or " ".join(words) or str(error) or "no output"
            raise CannotJudge(
                f"{self._path}: the checks did not run ({ascii(why)[1:-1]}); mend the file"
            ) from error

    def _started(self) -> tuple[socket.socket, Process]:
        laboratory = self._context.laboratory
        interpreter = laboratory.interpreter(self._service, self._context.base)
        checkout = laboratory.checkout(self._context.base)
        script = laboratory.payload / "checks.py"
        ours, theirs = socket.socketpair()
        self._stack.enter_context(ours)
        with theirs:
            channel = theirs.fileno()
            argv = (
                str(interpreter.python),
                "-I",
                "-B",
                str(script),
                str(checkout / self._path),
                str(channel),
            )
            process = laboratory.box.start(
                Command(
                    argv=argv,
                    directory=checkout,
                    environment={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"},
                    readable=(*interpreter.readable, checkout, script),
                    limits=_LIMITS,
                    inherit=(channel,),
                )
            )
        self._stack.callback(process.stop)
        return ours, process


def _line(link: socket.socket) -> bytes:
    """Return the next line of the checks; raises OSError or ValueError where none comes."""
    deadline, parts = time.monotonic() + _SECONDS, bytearray()
    while not parts.endswith(b"\n"):
        link.settimeout(max(0.01, deadline - time.monotonic()))
        piece = link.recv(_PIECE)
        parts += piece
        if not piece or len(parts) > _MOST_BYTES:
            raise ValueError("they ended" if not piece else "they say too much")
    return bytes(parts)
