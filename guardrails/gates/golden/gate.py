"""The door of the golden gate: base's scenarios, answered by base and by head, and what moved between them.

Words map as follows: movement `none` is pass, `reorder` and `set` are review, a broken constraint,
an unanswered scenario or an unstable answer is block, an unusable scenario undecided.
"""

from guardrails.gates.golden.settings import Settings
from guardrails.model.change import Stage
from guardrails.model.gate import Context, Gate, unless_a_contract_is_concerned
from guardrails.model.rule import Report, Rule
from guardrails.model.verdict import Outcome


def _rules() -> tuple[Rule, ...]:
    from guardrails.gates.golden.rules import RULES  # noqa: PLC0415 - a hook opens every door, and enters few

    return RULES


def _run(context: Context) -> Report:
    from guardrails.gates.golden.judging import report_on  # noqa: PLC0415 - as above

    return report_on(context)


GATE = Gate(
    name="golden",
    title="stored scenarios answered by base and head",
    stages=frozenset({Stage.MERGE}),
    settings=Settings,
    settings_file="golden.yaml",
    rules=_rules,
    run=_run,
    skip=unless_a_contract_is_concerned,
    words={
        "none": Outcome.PASS,
        "reorder": Outcome.REVIEW,
        "set": Outcome.REVIEW,
        "constraint": Outcome.BLOCK,
        "unstable": Outcome.BLOCK,
        "unusable": Outcome.UNDECIDED,
    },
    dynamic=True,
)
