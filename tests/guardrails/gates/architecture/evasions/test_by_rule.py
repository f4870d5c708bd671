"""A rule still speaks where its fault is written in another way."""

import pytest

from tests.guardrails.gates.architecture.evasions.by_rule import attempts
from tests.guardrails.gates.architecture.judged import Files, rules_found


@pytest.mark.parametrize(
    ("rule", "files"), [pytest.param(rule, files, id=f"{rule}-{name}") for name, rule, files in attempts()]
)
def test_attempt_is_found_by_its_rule(rule: str, files: Files) -> None:
    assert rule in rules_found(files)
