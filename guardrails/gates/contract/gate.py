"""The contract gate: base's document against head's, both derived from code, then head tried at its boundaries.

Its words: `safe` is pass, `unknown` review, `breaking` block, an unreadable document undecided.
The committed document is only compared with what the code serves, and at commit with base's.
"""

from guardrails.gates.contract import rules
from guardrails.gates.contract.settings import Settings
from guardrails.model.change import Change, Stage
from guardrails.model.finding import Finding
from guardrails.model.gate import Context, Gate
from guardrails.model.policy import Policy, Service
from guardrails.model.rule import Report
from guardrails.model.verdict import Outcome

_MERGE_SECONDS = 240.0
_COMMIT_SECONDS = 20.0


def _run(context: Context) -> Report:
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
    # Reading documents pulls in a YAML reader, which the gates' common start-up must not pay for.
    from guardrails.gates.contract.promises import committed_breaks, document_path  # noqa: PLC0415

    path = document_path(service, context.policy.settings_for("contract", Settings))
    if not any(file.path == path for file in context.change.files):
        return Report(facts=(f"{service.name}: the committed document did not change",))
    found, fact = committed_breaks(context, service)
    return Report(tuple(found), facts=(fact,))


def _judge(context: Context, service: Service) -> Report:
    # As above; the comparison and the trial also pull in validators and generators.
    from guardrails.analysis.openapi.documents import DocumentError, read_document  # noqa: PLC0415
    from guardrails.gates.contract.promises import breaks, drift, finding  # noqa: PLC0415
    from guardrails.gates.contract.trial import try_service  # noqa: PLC0415

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
    findings, differences = breaks(context, service, base, head) if base else ([], [])
    fact = f"documents compared, {len(differences)} differences" if base else "base has no such service"
    findings += drift(context, service, head)
    changed = {(one.method.lower(), one.path) for one in differences}
    trial = try_service(context, service, base, head, changed)
    return Report(
        (*findings, *trial.findings), trial.base_fingerprints, (f"{service.name}: {fact}", trial.fact)
    )


def _skip(change: Change, policy: Policy) -> str | None:
    if not policy.services:
        return "policy names no service"
    if not any(service.concerns(file.path) for service in policy.services for file in change.files):
        return "no file of a service changed"
    return None


GATE = Gate(
    name="contract",
    title="what clients can rely on",
    stages=frozenset({Stage.COMMIT, Stage.MERGE}),
    settings=Settings,
    settings_file="contract.yaml",
    rules=lambda: rules.RULES,
    run=_run,
    skip=_skip,
    words={
        "safe": Outcome.PASS,
        "unknown": Outcome.REVIEW,
        "breaking": Outcome.BLOCK,
        "unreadable": Outcome.UNDECIDED,
    },
    dynamic=True,
    seconds={Stage.COMMIT: _COMMIT_SECONDS, Stage.MERGE: _MERGE_SECONDS},
)
