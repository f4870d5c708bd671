"""The contract gate: base's document against head's, both derived from code, then head tried at its boundaries.

Its words: `safe` is pass, `unknown` review, `breaking` block, an unreadable document undecided.
The committed document is only compared with what the code serves, and at commit with base's.
"""

from guardrails.gates.contract.settings import Settings
from guardrails.model.change import Change, Stage
from guardrails.model.gate import Context, Gate
from guardrails.model.policy import Policy
from guardrails.model.rule import Report, Rule
from guardrails.model.verdict import Outcome

_MERGE_SECONDS = 240.0
_COMMIT_SECONDS = 60.0  # only policies that replay at commit need more than one of them


def _skip(change: Change, policy: Policy) -> str | None:
    if not policy.services:
        return "policy names no service"
    if not any(service.concerns(file.path) for service in policy.services for file in change.files):
        return "no file of a service changed"
    return None


def _rules() -> tuple[Rule, ...]:
    from guardrails.gates.contract.rules import RULES  # noqa: PLC0415 - a hook may open this door in vain

    return RULES


def _run(context: Context) -> Report:
    from guardrails.gates.contract.judging import report_on  # noqa: PLC0415 - as above

    return report_on(context)


GATE = Gate(
    name="contract",
    title="what clients can rely on",
    stages=frozenset({Stage.COMMIT, Stage.MERGE}),
    settings=Settings,
    settings_file="contract.yaml",
    rules=_rules,
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
