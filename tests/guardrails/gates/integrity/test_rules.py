"""Every static rule finds its bad examples, leaves its good ones alone, and can be explained."""

import pytest

from guardrails.gates.integrity.gate import GATE
from guardrails.gates.integrity.judging import all_rules, rule_modules
from guardrails.model.rule import Example, Rule
from tests.repos.memory import context_for

RULES = tuple(module.RULE for module in rule_modules())
BAD = [(rule, example) for rule in RULES for example in rule.bad]
GOOD = [(rule, example) for rule in RULES for example in rule.good]


def rules_found(example: Example) -> set[str]:
    return {one.rule for one in GATE.run(context_for(example.base or {}, example.files)).findings}


@pytest.mark.parametrize(("rule", "example"), BAD, ids=lambda one: getattr(one, "id", ""))
def test_a_bad_example_is_found(rule: Rule, example: Example) -> None:
    assert rule.id in rules_found(example)


@pytest.mark.parametrize(("rule", "example"), GOOD, ids=lambda one: getattr(one, "id", ""))
def test_a_good_example_is_left_alone(rule: Rule, example: Example) -> None:
    assert rule.id not in rules_found(example)


def test_rules_have_ids_of_their_own_and_two_examples_of_each_kind() -> None:
    every = all_rules()
    assert len({rule.id for rule in every}) == len(every) > len(RULES)
    assert all(rule.id.startswith("GR5") and rule.gate == "integrity" for rule in every)
    assert [rule.id for rule in RULES if len(rule.bad) < 2 or len(rule.good) < 2] == []


def test_a_rule_file_is_named_after_its_rule() -> None:
    names = [module.__name__.rsplit(".", 1)[-1] for module in rule_modules()]
    assert [name[:5].upper() for name in names] == [rule.id for rule in RULES]
