"""Judges trees in memory with the architecture gate, the policy read from the example's own file."""

from collections.abc import Mapping

from guardrails.adapters.policy.decode import decode
from guardrails.adapters.policy.document import parse
from guardrails.gates.architecture.gate import GATE
from guardrails.gates.architecture.settings import Settings
from guardrails.model.change import Stage
from guardrails.model.finding import Finding
from guardrails.model.rule import Report
from tests.repos.memory import NoLaboratory, context_for

POLICY = "policies/architecture.yaml"
Files = Mapping[str, str | bytes]


def settings_of(files: Files) -> Settings:
    text = files.get(POLICY, "{}")
    content = text.encode() if isinstance(text, str) else text
    return decode(parse(POLICY, content).data, Settings)


def report_on(
    head: Files,
    base: Files | None = None,
    *,
    stage: Stage = Stage.MERGE,
    laboratory: NoLaboratory | None = None,
) -> Report:
    settings = settings_of(head)
    return GATE.run(
        context_for(base or {}, head, stage=stage, settings={"architecture": settings}, laboratory=laboratory)
    )


def found(head: Files, base: Files | None = None) -> tuple[Finding, ...]:
    """Return the findings that base did not have, as the judge would count them."""
    report = report_on(head, base)
    old = list(report.base_fingerprints)
    fresh = []
    for one in report.findings:
        if one.fingerprint in old:
            old.remove(one.fingerprint)
        else:
            fresh.append(one)
    return tuple(fresh)


def rules_found(head: Files, base: Files | None = None) -> set[str]:
    return {one.rule for one in found(head, base)}
