"""Base's stored requests as scripts: failures that were kept for ever, and recorded traffic."""

import re
from collections.abc import Sequence

from guardrails.analysis.openapi.operations import Operation
from guardrails.analysis.replay.stored import StoredError, stored_in
from guardrails.gates.contract.replay.scripts.lines import Line, Script, label_of
from guardrails.gates.contract.settings import Settings
from guardrails.model.gate import Context
from guardrails.model.policy import Service

_VARIABLE = re.compile(r"\\\{[^{}]*\\\}")


def stored_scripts(
    context: Context, service: Service, operations: Sequence[Operation]
) -> tuple[list[Script], list[StoredError]]:
    """Return the scripts that base stored for operations among these, and the files that cannot be used."""
    settings = context.policy.settings_for("contract", Settings)
    if not service.contract:
        return [], []
    templates = [(_pattern(one.path), one) for one in operations]
    scripts: list[Script] = []
    errors: list[StoredError] = []
    for folder in (settings.failures, settings.traffic):
        found, bad = stored_in(context.base, f"{service.contract}/{folder}")
        errors += bad
        for stored in found:
            named = [
                (step, _operation(step.request.method, step.request.path, templates)) for step in stored.steps
            ]
            lines = tuple(Line(label, step) for step, label in named if label or stored.dependent)
            if lines and lines[-1].operation:
                scripts.append(Script(lines, independent=not stored.dependent))
    return scripts, errors


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_VARIABLE.sub("[^/]+", re.escape(path)))


def _operation(method: str, path: str, templates: Sequence[tuple[re.Pattern[str], Operation]]) -> str:
    place = path.partition("?")[0]
    found = [one for pattern, one in templates if pattern.fullmatch(place) and one.method.upper() == method]
    # The one with the fewest variables is the one that a router would choose.
    return label_of(min(found, key=lambda one: one.path.count("{"))) if found else ""
