"""Pairs of documents that differ above the level of schemas, each with the level that is true for clients."""

import copy

import pytest

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.operations.access import ACCESS
from tests.guardrails.analysis.openapi.operations.answers import ANSWERS
from tests.guardrails.analysis.openapi.operations.bodies import BODIES
from tests.guardrails.analysis.openapi.operations.parameters import PARAMETERS
from tests.guardrails.analysis.openapi.operations.versions import VERSIONS
from tests.guardrails.analysis.openapi.operations.webhooks import WEBHOOKS
from tests.guardrails.analysis.openapi.pairs import found

PAIRS = {**PARAMETERS, **ACCESS, **BODIES, **ANSWERS, **WEBHOOKS, **VERSIONS}


@pytest.mark.parametrize("name", PAIRS)
def test_pair_has_its_level_and_each_break_a_witness(name: str) -> None:
    base, head, expected = PAIRS[name]

    differences = found(base, head)

    levels = [one.level.value for one in differences] or ["safe"]
    assert {"safe": "kept"}.get(levels[0], levels[0]) == expected
    assert all(one.witness is not None for one in differences if one.level.value == "breaking")


@pytest.mark.parametrize("name", PAIRS)
def test_each_document_is_the_same_as_its_copy(name: str) -> None:
    for one in PAIRS[name][:2]:
        copied: dict[str, Json] = copy.deepcopy(one)
        assert found(one, copied) == []
