"""The verdict as SARIF 2.1.0 (OASIS, 2020), for code hosts, editors and other tools that read it.

A finding that no longer counts stays, as a suppressed result with its justification. The
fingerprint `guardrails/v1` is ours and survives moved lines. Measured numbers stand under the
run's `properties.measured` alone.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from guardrails.model.evidence import CallChain
from guardrails.model.finding import Effect, Finding, Status
from guardrails.model.rule import Rule
from guardrails.model.verdict import GateOutcome, Outcome, Verdict
from guardrails.report.content.printable import one_line
from guardrails.report.content.summary import Entry, about, entries_of, gates_of
from guardrails.report.content.values import Json, bytes_of, dumped, evidence_value, measured_value
from guardrails.report.format import Format, Presentation

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Effect.BLOCK: "error", Effect.UNDECIDED: "error", Effect.REVIEW: "warning", Effect.NOTE: "note"}
_KNOWN_TO_BASE = {Status.OLD, Status.BASELINED}
_SUPPRESSED = {
    Status.BASELINED: "recorded in base's baseline",
    Status.WAIVED: "waived in base",
    Status.APPROVED: "approved",
}


def _render(verdict: Verdict, presentation: Presentation) -> str:
    entries = entries_of(verdict)
    rule_ids = sorted({entry.finding.rule for entry in entries})
    driver: dict[str, Json] = {
        "name": "guardrails",
        "version": verdict.harness,
        "rules": [_rule(rule_id, presentation.explain(rule_id)) for rule_id in rule_ids],
    }
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "invocations": [_invocation(verdict)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(entry, rule_ids.index(entry.finding.rule)) for entry in entries],
        "properties": _properties(verdict, entries),
    }
    return dumped({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule_id: str, rule: Rule | None) -> dict[str, Json]:
    if rule is None:
        return {"id": rule_id}
    markdown = f"{rule.summary}\n\n**Why:** {rule.why}\n\n**Remedy:** {rule.remedy}\n"
    return {
        "id": rule_id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": f"{rule.summary}\n\nWhy: {rule.why}\n\nRemedy: {rule.remedy}\n",
            "markdown": markdown,
        },
        "defaultConfiguration": {"level": _LEVELS[rule.effect]},
        "properties": {"gate": rule.gate, "final": rule.final},
    }


def _invocation(verdict: Verdict) -> dict[str, Json]:
    heard = [gate for gate in gates_of(verdict) if gate.outcome in {Outcome.UNDECIDED, Outcome.SKIPPED}]
    return {
        # A run that could not judge has not succeeded, however orderly it ended.
        "executionSuccessful": verdict.outcome is not Outcome.UNDECIDED,
        "toolExecutionNotifications": [_notification(gate) for gate in heard],
    }


def _notification(gate: GateOutcome) -> dict[str, Json]:
    level = "error" if gate.outcome is Outcome.UNDECIDED else "note"
    return {"level": level, "message": {"text": _shown(f"gate {gate.name} {gate.outcome}: {gate.reason}")}}


def _properties(verdict: Verdict, entries: Sequence[Entry]) -> dict[str, Json]:
    gates: list[Json] = [
        {"name": gate.name, "outcome": gate.outcome, "reason": gate.reason} for gate in gates_of(verdict)
    ]
    return {
        "outcome": verdict.outcome,
        "stage": verdict.stage,
        "changeDigest": verdict.change.digest,
        "about": dict(about(verdict)),
        "notes": list(verdict.notes),
        "gates": gates,
        "measured": measured_value(verdict, entries),
    }


def _result(entry: Entry, rule_index: int) -> dict[str, Json]:
    finding = entry.finding
    result: dict[str, Json] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.effect],
        "message": {"text": f"{_shown(finding.message)}\nRemedy: {_shown(finding.remedy)}"},
        "partialFingerprints": {"guardrails/v1": finding.fingerprint},
        "baselineState": "unchanged" if finding.status in _KNOWN_TO_BASE else "new",
        "properties": {
            "id": entry.id,
            "gate": finding.gate,
            "effect": finding.effect,
            "status": finding.status,
            "statusReason": finding.status_reason,
            "remedy": finding.remedy,
            "evidence": [evidence_value(one) for one in finding.evidence],
        },
    }
    if finding.location.path:
        result["locations"] = [
            _location(finding.location.path, finding.location.line, finding.location.symbol)
        ]
    if finding.status in _SUPPRESSED:
        result["suppressions"] = [_suppression(finding)]
    flows = [_flow(one) for one in finding.evidence if isinstance(one, CallChain) and one.steps]
    if flows:
        result["codeFlows"] = flows
    return result


def _location(path: str, line: int, symbol: str = "", message: str = "") -> dict[str, Json]:
    uri = quote(bytes_of(path), safe="/")
    # A leading slash would make it a host or a place outside of the repository.
    physical: dict[str, Json] = {"artifactLocation": {"uri": uri.lstrip("/"), "uriBaseId": "%SRCROOT%"}}
    if line > 0:
        physical["region"] = {"startLine": line}
    location: dict[str, Json] = {"physicalLocation": physical}
    if symbol:
        location["logicalLocations"] = [{"fullyQualifiedName": symbol}]
    if message:
        location["message"] = {"text": _shown(message)}
    return location


def _shown(text: str) -> str:
    """Return a message that no viewer takes for more than text: `[a](b)` is a link in SARIF (3.11.6)."""
    safe = one_line(text)
    return safe.replace("[", "\\[").replace("]", "\\]") if "](" in safe else safe


def _suppression(finding: Finding) -> dict[str, Json]:
    justification = finding.status_reason or _SUPPRESSED[finding.status]
    return {"kind": "external", "status": "accepted", "justification": justification}


def _flow(chain: CallChain) -> dict[str, Json]:
    return {"threadFlows": [{"locations": list(_steps(chain))}]}


def _steps(chain: CallChain) -> Iterable[Json]:
    for step in chain.steps:
        yield {"location": _location(step.path, step.line, step.symbol, step.symbol)}


FORMAT = Format(name="sarif", extension="sarif", render=_render)
