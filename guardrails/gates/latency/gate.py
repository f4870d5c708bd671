"""The door of the latency gate: base's stored requests sent to base and head, launch by launch.

Its words: `faster` and `equal` are pass, `slower` is review, `inconclusive` and a service
without stored requests are undecided.
"""

from guardrails.gates.latency.settings import Settings
from guardrails.model.change import Stage
from guardrails.model.gate import Context, Gate, unless_a_contract_is_concerned
from guardrails.model.rule import Report, Rule
from guardrails.model.verdict import Outcome


def _rules() -> tuple[Rule, ...]:
    from guardrails.gates.latency.rules import RULES  # noqa: PLC0415 - a hook opens every door, and enters few

    return RULES


def _run(context: Context) -> Report:
    from guardrails.gates.latency.judging import report_on  # noqa: PLC0415 - as above

    return report_on(context)


GATE = Gate(
    name="latency",
    title="CPU time per request, base and head in pairs",
    stages=frozenset({Stage.MERGE}),
    settings=Settings,
    settings_file="budgets.yaml",
    rules=_rules,
    run=_run,
    skip=unless_a_contract_is_concerned,
    words={
        "faster": Outcome.PASS,
        "equal": Outcome.PASS,
        "inconclusive": Outcome.UNDECIDED,
        "slower": Outcome.REVIEW,
        "no requests": Outcome.UNDECIDED,
    },
    needs_quiet=True,
    dynamic=True,
)
