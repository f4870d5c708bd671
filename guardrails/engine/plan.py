"""Which gates judge a change, decided from base's policy and the change's paths alone."""

from collections.abc import Sequence

from guardrails.model.change import Change, Stage
from guardrails.model.errors import UsageError
from guardrails.model.frozen import frozen
from guardrails.model.gate import Gate
from guardrails.model.policy import Policy


@frozen
class PlannedGate:
    """A gate of the plan; `skip_reason` says why there is nothing for it to judge."""

    name: str
    skip_reason: str | None = None


@frozen
class Plan:
    """The gates that a stage requires, in order."""

    stage: Stage
    gates: tuple[PlannedGate, ...]


def plan_for(
    change: Change, policy: Policy, stage: Stage, gates: Sequence[Gate], only: Sequence[str] = ()
) -> Plan:
    """Return the plan that policy makes for `stage`; `only` narrows it to gates that the user named.

    A gate that policy names but that does not exist here stays in the plan, so that it ends
    without an outcome and the verdict is `undecided`. Raises UsageError when `only` names a
    gate that does not exist, or that never judges at `stage`.
    """
    known = {gate.name: gate for gate in gates}
    for name in only:
        if name not in known:
            raise UsageError(f"--gate {name}: no such gate; choose from {', '.join(sorted(known))}")
        if stage not in known[name].stages:
            others = " or ".join(f"`--stage {one}`" for one in sorted(known[name].stages))
            raise UsageError(f"--gate {name}: it does not judge at {stage}; run `review` with {others}")
    required = policy.stages[stage].gates if stage in policy.stages else ()
    wanted = [name for name in required if not only or name in only]
    wanted += [name for name in only if name not in wanted]
    return Plan(stage, tuple(_planned(name, known.get(name), change, policy, stage) for name in wanted))


def _planned(name: str, gate: Gate | None, change: Change, policy: Policy, stage: Stage) -> PlannedGate:
    if gate is None:
        return PlannedGate(name)
    if stage not in gate.stages:
        return PlannedGate(name, f"judges at {' and '.join(sorted(gate.stages))}, not at {stage}")
    return PlannedGate(name, gate.skip(change, policy))
