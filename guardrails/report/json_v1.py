r"""The verdict as JSON, version 1: for programs, and the only format that holds everything.

Fields are added, never renamed; `schema/verdict-1.json` describes them. Every measured number
stands under `measured`, so two runs on the same change are equal outside of it. A path that is
no UTF-8 is shown with `\xNN` for each odd byte and has its exact bytes in hex in `path_bytes`.
"""

from guardrails.model.approval import Approval
from guardrails.model.change import Change, Revision
from guardrails.model.verdict import GateOutcome, Verdict
from guardrails.report.content.summary import Entry, entries_of, gates_of
from guardrails.report.content.values import (
    Json,
    dumped,
    evidence_value,
    measured_value,
    path_value,
    without_secrets,
)
from guardrails.report.format import Format, Presentation


def _render(verdict: Verdict, presentation: Presentation) -> str:
    del presentation
    entries = entries_of(verdict)
    return dumped(
        {
            "schema": 1,
            "verdict": verdict.outcome,
            "stage": verdict.stage,
            "change": _change(verdict.change),
            "policy": {"source": verdict.policy_source, "digest": verdict.policy_digest},
            "harness": verdict.harness,
            "box": verdict.box,
            "notes": list(verdict.notes),
            "gates": [_gate(gate) for gate in gates_of(verdict)],
            "findings": [_finding(entry) for entry in entries],
            "approvals": [_approval(one) for one in verdict.approvals],
            "measured": measured_value(verdict, entries),
        }
    )


def _change(change: Change) -> dict[str, Json]:
    files = sorted(change.files, key=lambda file: file.path)
    return {
        "digest": change.digest,
        "base": _revision(change.base),
        "head": _revision(change.head),
        "policy_base": _revision(change.policy_base),
        "chosen_by": change.chosen_by,
        "task": change.task,
        "whole_tree": change.whole_tree,
        "files": [{**path_value(file.path), "kind": file.kind} for file in files],
    }


def _revision(one: Revision) -> dict[str, Json]:
    return {"name": one.name, "commit": one.commit, "tree": one.tree}


def _gate(gate: GateOutcome) -> dict[str, Json]:
    return {"name": gate.name, "outcome": gate.outcome, "reason": gate.reason, "facts": list(gate.facts)}


def _finding(entry: Entry) -> dict[str, Json]:
    finding = entry.finding
    return {
        "id": entry.id,
        "rule": finding.rule,
        "gate": finding.gate,
        "effect": finding.effect,
        **path_value(finding.location.path),
        "line": finding.location.line,
        "symbol": finding.location.symbol,
        "subject": without_secrets(finding.subject),
        "message": finding.message,
        "remedy": finding.remedy,
        "fingerprint": finding.fingerprint,
        "evidence_digest": finding.evidence_digest,
        "status": finding.status,
        "status_reason": finding.status_reason,
        "evidence": [evidence_value(one) for one in finding.evidence],
    }


def _approval(one: Approval) -> dict[str, Json]:
    return {
        "approver": one.approver,
        "fingerprint": one.fingerprint,
        "evidence_digest": one.evidence_digest,
        "reason": one.reason,
        "expires": one.expires.isoformat() if one.expires else None,
        "key": one.key,
        "source": one.source,
    }


FORMAT = Format(name="json", extension="json", render=_render)
