"""The door of the architecture gate: what the change's Python code may import, call and know."""

from guardrails.gates.architecture.settings import NAME, Settings
from guardrails.model.change import Change, Stage
from guardrails.model.gate import Context, Gate
from guardrails.model.policy import Policy
from guardrails.model.rule import Report, Rule
from guardrails.model.verdict import Outcome


def _skip(change: Change, policy: Policy) -> str | None:
    # A hook may open this door in vain.
    from guardrails.gates.architecture.paths import judged_paths, touches_schema  # noqa: PLC0415

    settings = policy.settings_for(NAME, Settings)
    is_asked = judged_paths(change, settings) or touches_schema(change, settings)
    return None if is_asked else "the change touches no Python code that policy wants judged"


def _rules() -> tuple[Rule, ...]:
    from guardrails.gates.architecture.catalog import rules_of_the_gate  # noqa: PLC0415 - as above

    return rules_of_the_gate()


def _run(context: Context) -> Report:
    from guardrails.gates.architecture.comparison import report_on  # noqa: PLC0415 - as above

    return report_on(context)


GATE = Gate(
    name=NAME,
    title="Architecture: layers, async code, timeouts, clocks and randomness, test detection",
    stages=frozenset({Stage.COMMIT, Stage.MERGE}),
    settings=Settings,
    settings_file="architecture.yaml",
    rules=_rules,
    run=_run,
    skip=_skip,
    words={"unparsable": Outcome.UNDECIDED},
)
