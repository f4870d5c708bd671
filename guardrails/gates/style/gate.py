"""The door of the style gate: ruff at commit, mypy besides at merge, new suppressions always."""

from guardrails.gates.style.settings import NAME, SUFFIXES, Settings
from guardrails.model.change import Change, Stage
from guardrails.model.gate import Context, Gate
from guardrails.model.policy import Policy
from guardrails.model.rule import Report, Rule
from guardrails.model.verdict import Outcome


def _skip(change: Change, policy: Policy) -> str | None:
    del policy
    touched = any(one.path.endswith(SUFFIXES) for one in change.files)
    return None if touched else "the change touches no Python code"


def _rules() -> tuple[Rule, ...]:
    from guardrails.gates.style.rules import RULES  # noqa: PLC0415 - a hook may open this door in vain

    return RULES


def _run(context: Context) -> Report:
    from guardrails.gates.style.judging import report_on  # noqa: PLC0415 - as above

    return report_on(context)


GATE = Gate(
    name=NAME,
    title="Style: ruff, mypy and new suppressions, by base's configuration",
    stages=frozenset({Stage.COMMIT, Stage.MERGE}),
    settings=Settings,
    settings_file="style.yaml",
    rules=_rules,
    run=_run,
    skip=_skip,
    words={"tool failed": Outcome.UNDECIDED},
)
