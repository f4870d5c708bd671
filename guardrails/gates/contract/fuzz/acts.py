"""Acts: scripts whose every answer is judged, because each step says what its document thinks of it."""

from collections.abc import Sequence

from guardrails.analysis.openapi.operations import Operation
from guardrails.gates.contract.replay.scripts.lines import Line, Script
from guardrails.gates.contract.replay.witness import chosen
from guardrails.gates.contract.requests import Probe
from guardrails.model.frozen import frozen
from guardrails.model.ports import Step


@frozen
class Act:
    """A script, with the probe that each of its steps is."""

    script: Script
    probes: tuple[Probe, ...]

    def kept(self, places: Sequence[int]) -> "Act":
        """Return the act with only the steps at these places."""
        steps = chosen(self.script.steps, places)
        lines = tuple(
            Line(self.script.lines[old].operation, step) for old, step in zip(places, steps, strict=True)
        )
        return Act(Script(lines, self.script.independent), tuple(self.probes[place] for place in places))

    def with_steps(self, steps: Sequence[Step]) -> "Act":
        """Return the act with other steps for the same operations."""
        lines = tuple(Line(line.operation, step) for line, step in zip(self.script.lines, steps, strict=True))
        return Act(Script(lines, self.script.independent), self.probes)


def act_of_script(script: Script) -> Act:
    """Return the act of a script that we wrote, by what its writer knows to be forbidden."""
    return Act(script, tuple(_probe(line) for line in script.lines))


def _probe(line: Line) -> Probe:
    method, _, path = line.operation.partition(" ")
    return Probe(method.lower(), path, line.step.request, is_forbidden=bool(line.about), about=line.about)


def act_of_probes(operation: Operation, probes: Sequence[Probe]) -> Act:
    """Return the act that sends probes of one operation, each for itself."""
    label = f"{operation.method.upper()} {operation.path}"
    lines = tuple(Line(label, Step(probe.request)) for probe in probes)
    return Act(Script(lines, independent=True), tuple(probes))
