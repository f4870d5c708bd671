"""Tampering must be stopped by the rule it names; honest look-alikes must not be blocked."""

import pytest

from guardrails.gates.integrity.gate import GATE
from guardrails.model.finding import Effect, Finding
from tests.attacks.integrity import honest, tampered_files, tampered_tests
from tests.attacks.integrity.cases import Case
from tests.repos.memory import context_for

SEVERITY = [Effect.NOTE, Effect.REVIEW, Effect.UNDECIDED, Effect.BLOCK]


def findings(base: dict[str, str], head: dict[str, str]) -> tuple[Finding, ...]:
    return GATE.run(context_for(base, head)).findings


def shown(found: tuple[Finding, ...]) -> list[str]:
    return [f"{one.rule} {one.effect.value} {one.message}" for one in found]


@pytest.mark.parametrize("case", (*tampered_tests.CASES, *tampered_files.CASES), ids=lambda case: case.name)
def test_tampering_is_found_by_its_rule(case: Case) -> None:
    found = findings(case.base, case.head)
    effects = [one.effect for one in found if one.rule == case.rule]
    worst = max(effects, key=SEVERITY.index, default=Effect.NOTE)
    assert SEVERITY.index(worst) >= SEVERITY.index(case.effect), shown(found)


@pytest.mark.parametrize("case", honest.CASES, ids=lambda case: case.name)
def test_an_honest_change_is_not_blocked(case: honest.Case) -> None:
    found = findings(case.base, case.head)
    worst = max((one.effect for one in found), key=SEVERITY.index, default=Effect.NOTE)
    assert SEVERITY.index(worst) <= SEVERITY.index(Effect.REVIEW if case.may_review else Effect.NOTE), shown(
        found
    )
