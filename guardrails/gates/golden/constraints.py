"""Hard constraints: base's `invariants.py`, run in a box of its own on answers as data.

Head's code is not in that box, so what it reports is base's word.
"""

import json
from collections.abc import Mapping, Sequence

from guardrails.analysis.replay.scenarios import Scenario
from guardrails.gates.golden.answers import Answer
from guardrails.gates.golden.settings import Settings
from guardrails.model.errors import CannotJudge
from guardrails.model.frozen import frozen
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.ports import Command


@frozen
class Violation:
    """One constraint that one answer breaks, and the sentence that says how."""

    scenario: str
    constraint: str
    sentence: str


def violations_of(
    context: Context, service: Service, scenarios: Sequence[Scenario], answers: Mapping[str, Answer]
) -> list[Violation]:
    """Return what base's invariants say of the answers; raises CannotJudge when they cannot be run."""
    settings = context.policy.settings_for("golden", Settings)
    path = f"{service.contract}/{settings.invariants}"
    if path not in context.base.entries():
        return []
    cases = [
        {
            "scenario": one.name,
            "constraints": list(one.constraints),
            "request": {"operation": f"{one.method} {one.target}", "body": json.loads(one.body or b"null")},
            "response": answers[one.name].body,
        }
        for one in scenarios
        if answers[one.name].is_ranking
    ]
    facts = context.base.read(f"{service.contract}/{settings.facts}") or b"{}"
    return _run(context, service, path, {"facts": json.loads(facts), "cases": cases})


def _run(context: Context, service: Service, path: str, work: object) -> list[Violation]:
    laboratory = context.laboratory
    interpreter = laboratory.interpreter(service, context.base)
    checkout = laboratory.checkout(context.base)
    script = laboratory.payload / "invariants.py"
    completed = laboratory.box.run(
        Command(
            argv=(str(interpreter.python), "-I", "-B", str(script), str(checkout / path)),
            directory=checkout,
            environment={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0"},
            readable=(*interpreter.readable, checkout, script),
            stdin=json.dumps(work).encode(),
        )
    )
    lines = completed.stdout.splitlines()
    if completed.exit_code != 0 or not lines:
        said = completed.stderr.decode("utf-8", "backslashreplace").strip().splitlines()[-1:]
        why = completed.stopped_by or " ".join(said) or "no output"
        raise CannotJudge(f"{path}: the invariants did not run ({why}); mend the file")
    return [Violation(str(one[0]), str(one[1]), str(one[2])) for one in json.loads(lines[-1])]
