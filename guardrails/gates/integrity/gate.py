"""The door of the integrity gate: a change may not tamper with what judges it."""

from guardrails.gates.integrity.settings import IntegritySettings
from guardrails.model.change import Stage
from guardrails.model.gate import Context, Gate
from guardrails.model.rule import Report, Rule


def _rules() -> tuple[Rule, ...]:
    from guardrails.gates.integrity.judging import all_rules  # noqa: PLC0415 - a hook may open this door in vain

    return all_rules()


def _run(context: Context) -> Report:
    from guardrails.gates.integrity.judging import report_on  # noqa: PLC0415 - as above

    return report_on(context)


GATE = Gate(
    name="integrity",
    title="Tampering with tests, goldens, policy, pipelines and dependencies",
    stages=frozenset({Stage.COMMIT, Stage.MERGE}),
    settings=IntegritySettings,
    rules=_rules,
    run=_run,
    settings_file="integrity.yaml",
    seconds={Stage.COMMIT: 30.0, Stage.MERGE: 900.0},
)
