"""The policy of a repository that has none: what can be judged without knowing the project."""

from collections.abc import Sequence

from guardrails import __version__
from guardrails.model.change import Stage
from guardrails.model.digest import sha256
from guardrails.model.gate import Gate
from guardrails.model.policy import BUILT_IN, Policy, StagePlan


def static_gates(gates: Sequence[Gate], stage: Stage) -> tuple[str, ...]:
    """Return the names of the gates that judge at `stage` without running the project's code."""
    return tuple(gate.name for gate in gates if stage in gate.stages and not gate.dynamic)


def default_policy(gates: Sequence[Gate], notes: tuple[str, ...] = ()) -> Policy:
    """Return the built-in default: every static gate at commit and merge, with its default settings."""
    stages = {stage: StagePlan(static_gates(gates, stage)) for stage in (Stage.COMMIT, Stage.MERGE)}
    text = f"{BUILT_IN} {__version__} " + " ".join(f"{stage}: {plan.gates}" for stage, plan in stages.items())
    return Policy(stages=stages, digest=sha256(text.encode()).hexdigest(), notes=notes)
