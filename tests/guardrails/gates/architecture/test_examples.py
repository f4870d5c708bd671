"""Every rule's examples are its tests: the bad ones are found, also when written differently."""

from collections.abc import Iterator, Mapping

import pytest

from guardrails.gates.architecture.catalog import checks
from guardrails.model.rule import Example
from tests.guardrails.gates.architecture.judged import POLICY, found
from tests.guardrails.gates.architecture.mutations import MUTATIONS, applied


def _cases(kind: str) -> Iterator[object]:
    for check in checks():
        for number, one in enumerate(getattr(check.rule, kind)):
            yield pytest.param(check.rule.id, one, id=f"{check.rule.id}-{kind}-{number}")


def _mutants(one: Example) -> Iterator[tuple[str, Mapping[str, str]]]:
    path = next(name for name, text in one.files.items() if name != POLICY and text)
    for name, make in MUTATIONS.items():
        changed = applied(make, one.files[path])
        if changed is not None:
            yield name, {**one.files, path: changed}


@pytest.mark.parametrize(("rule", "one"), list(_cases("bad")))
def test_bad_example_is_found_however_it_is_written(rule: str, one: Example) -> None:
    assert {each.location.path for each in found(one.files) if each.rule == rule} & set(one.files)
    missed = [name for name, files in _mutants(one) if rule not in {each.rule for each in found(files)}]
    assert missed == []


@pytest.mark.parametrize(("rule", "one"), list(_cases("good")))
def test_good_example_stays_clean_however_it_is_written(rule: str, one: Example) -> None:
    assert found(one.files) == ()
    alarmed = [name for name, files in _mutants(one) if found(files)]
    assert alarmed == []


def test_every_rule_explains_itself_with_at_least_three_examples_of_each_kind() -> None:
    for check in checks():
        rule = check.rule
        assert len(rule.bad) >= 3, rule.id
        assert len(rule.good) >= 3, rule.id
        assert all((rule.summary, rule.why, rule.remedy)), rule.id


def test_rule_ids_are_unique_and_name_their_file() -> None:
    ids = [check.rule.id for check in checks()]
    assert ids == sorted(set(ids))
