"""Checks that base's `invariants.py` holds against any answer, run in a box of their own.

They stand there as `CHECKS`, lists of functions by operation (`GET /items`, or `*`); each takes
the request and the answer as plain data and returns None or a sentence.
"""

import json
from collections.abc import Iterator, Sequence

from guardrails.gates.contract import rules
from guardrails.gates.contract.answers import Problem
from guardrails.gates.contract.fuzz.acts import Act
from guardrails.gates.contract.settings import Settings
from guardrails.model.errors import CannotJudge
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Command, Response, Silence


class Checks:
    """Base's checks of one service; without any, nothing is run."""

    def __init__(self, context: Context, service: Service) -> None:
        settings = context.policy.settings_for("contract", Settings)
        self._context = context
        self._service = service
        self._path = f"{service.contract}/{settings.invariants}" if service.contract else ""
        source = context.base.read(self._path) if self._path else None
        self._wanted = source is not None and b"CHECKS" in source

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

    def _said(self, cases: object) -> Iterator[tuple[int, str, str]]:
        laboratory = self._context.laboratory
        interpreter = laboratory.interpreter(self._service, self._context.base)
        checkout = laboratory.checkout(self._context.base)
        script = laboratory.payload / "checks.py"
        completed = laboratory.box.run(
            Command(
                argv=(str(interpreter.python), "-I", "-B", str(script), str(checkout / self._path)),
                directory=checkout,
                environment={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"},
                readable=(*interpreter.readable, checkout, script),
                stdin=json.dumps(cases).encode(),
            )
        )
        lines = completed.stdout.splitlines()
        if completed.exit_code != 0 or not lines:
            words = completed.stderr.decode("utf-8", "backslashreplace").strip().splitlines()[-1:]
            why = completed.stopped_by or " ".join(words) or "no output"
            raise CannotJudge(f"{self._path}: the checks did not run ({ascii(why)[1:-1]}); mend the file")
        for one in json.loads(lines[-1]):
            yield int(one[0]), str(one[1]), str(one[2])
