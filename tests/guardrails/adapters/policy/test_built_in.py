"""The built-in default with the gates that really exist."""

from dataclasses import replace

from guardrails.adapters.policy.built_in import default_policy, static_gates
from guardrails.model.change import Stage
from guardrails.wiring import catalog


def test_without_policy_every_gate_that_can_judge_a_commit_does() -> None:
    gates = catalog().gates
    able = {gate.name for gate in gates if Stage.COMMIT in gate.stages}
    assert set(default_policy(gates).stages[Stage.COMMIT].gates) == able
    assert {"style", "architecture", "integrity"} <= able


def test_gate_that_runs_code_at_merge_alone_judges_commits_by_default() -> None:
    both = frozenset({Stage.COMMIT, Stage.MERGE})
    gates = [replace(gate, stages=both, dynamic=True) for gate in catalog().gates[:1]]
    assert static_gates(gates, Stage.COMMIT) == (gates[0].name,)
    assert static_gates(gates, Stage.MERGE) == ()


def test_without_policy_tampering_is_judged_before_a_merge() -> None:
    assert "integrity" in default_policy(catalog().gates).stages[Stage.MERGE].gates
