"""The stages by default, with the gates that really exist."""

from guardrails.adapters.policy.built_in import default_policy
from guardrails.adapters.policy.reader import read_policy
from guardrails.model.change import Stage
from guardrails.wiring import catalog
from tests.repos.memory import MemoryCache, MemoryTree


def test_policy_that_names_no_stages_has_every_gate_at_each_of_its_stages() -> None:
    gates = catalog().gates
    policy = read_policy(MemoryTree({"policies/guardrails.yaml": "version: 1"}), gates, MemoryCache())
    for stage in (Stage.COMMIT, Stage.MERGE):
        assert set(policy.stages[stage].gates) == {gate.name for gate in gates if stage in gate.stages}


def test_without_policy_tampering_is_judged_at_each_stage() -> None:
    stages = default_policy(catalog().gates).stages
    assert all("integrity" in stages[stage].gates for stage in (Stage.COMMIT, Stage.MERGE))
