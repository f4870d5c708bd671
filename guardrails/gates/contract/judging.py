"""Judges every service that a change concerns: by its committed document at commit, by its code at merge."""

from guardrails.gates.contract.settings import Settings, document_path
from guardrails.model.change import Stage
from guardrails.model.finding import Finding
from guardrails.model.gate import Context
from guardrails.model.policy import Service
from guardrails.model.rule import Report


def report_on(context: Context) -> Report:
    """Return what head breaks of what base promises, in every service that the change concerns."""
    findings: list[Finding] = []
    known: list[str] = []
    facts: list[str] = []
    for service in context.services:
        if any(service.concerns(file.path) for file in context.change.files):
            report = (
                _at_commit(context, service) if context.stage is Stage.COMMIT else _judge(context, service)
            )
            findings += report.findings
            known += report.base_fingerprints
            facts += report.facts
    return Report(tuple(findings), tuple(known), tuple(facts))


def _at_commit(context: Context, service: Service) -> Report:
    settings = context.policy.settings_for("contract", Settings)
    report = _of_committed(context, service, document_path(service, settings))
    if not settings.commit_replays:
        return report
    from guardrails.gates.contract.replay.commit import replay_at_commit  # noqa: PLC0415 - most policies run nothing

    played = replay_at_commit(context, service)
    fresh = [one for one in played.findings if one not in report.findings]  # an unusable file is named once
    return Report((*report.findings, *fresh), (), (*report.facts, *played.facts))


def _of_committed(context: Context, service: Service, path: str) -> Report:
    if not any(file.path == path for file in context.change.files):
        return Report(facts=(f"{service.name}: the committed document did not change",))
    # A hook reads no document unless it changed, and comparing them costs 15 CPU ms to import.
    from guardrails.gates.contract.consumers import Consumers  # noqa: PLC0415
    from guardrails.gates.contract.promises import committed_breaks  # noqa: PLC0415

    consumers = Consumers(context, service)
    found, fact = committed_breaks(context, service, consumers.weighed)
    return Report((*found, *consumers.unusable()), facts=(fact,))


def _judge(context: Context, service: Service) -> Report:
    # As above; the comparison also pulls in validators, and the rules those of documents.
    from guardrails.analysis.openapi.documents import DocumentError, read_document  # noqa: PLC0415
    from guardrails.gates.contract import rules  # noqa: PLC0415
    from guardrails.gates.contract.consumers import Consumers  # noqa: PLC0415
    from guardrails.gates.contract.dynamic import play  # noqa: PLC0415
    from guardrails.gates.contract.promises import breaks, drift, finding  # noqa: PLC0415

    laboratory = context.laboratory
    try:
        head = read_document(laboratory.document(service, context.head), f"{service.name} at head")
        base = (
            read_document(laboratory.document(service, context.base), f"{service.name} at base")
            if any(service.owns(path) for path in context.base.entries())
            else None
        )
    except DocumentError as error:
        return Report((finding(context, service, rules.INVALID, str(error)),))
    consumers = Consumers(context, service)
    findings, differences = breaks(context, service, base, head, consumers.weighed) if base else ([], [])
    findings += consumers.unusable()
    fact = f"documents compared, {len(differences)} differences" if base else "base has no such service"
    findings += drift(context, service, head)
    changed = frozenset((one.method.lower(), one.path) for one in differences)
    played = play(context, service, (base, head), changed, consumers)
    return Report(
        (*findings, *played.findings), played.base_fingerprints, (f"{service.name}: {fact}", *played.facts)
    )
