"""Pairs of documents that differ above the level of schemas, each with the level that is true for clients."""

import copy

import pytest

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.operations.access import ACCESS
from tests.guardrails.analysis.openapi.operations.answers import ANSWERS
from tests.guardrails.analysis.openapi.operations.bodies import BODIES
from tests.guardrails.analysis.openapi.operations.conventions import CONVENTIONS, PRESUMED_CONVENTIONS
from tests.guardrails.analysis.openapi.operations.kinds import KINDS, PRESUMED_KINDS
from tests.guardrails.analysis.openapi.operations.parameters import PARAMETERS
from tests.guardrails.analysis.openapi.operations.rewritten import PRESUMED_REWRITTEN, REWRITTEN
from tests.guardrails.analysis.openapi.operations.spelling import PRESUMED_SPELLING, SPELLING
from tests.guardrails.analysis.openapi.operations.swagger import SWAGGER
from tests.guardrails.analysis.openapi.operations.versions import VERSIONS
from tests.guardrails.analysis.openapi.operations.webhooks import WEBHOOKS
from tests.guardrails.analysis.openapi.pairs import found

PAIRS = {
    **PARAMETERS,
    **ACCESS,
    **BODIES,
    **ANSWERS,
    **WEBHOOKS,
    **VERSIONS,
    **SWAGGER,
    **KINDS,
    **CONVENTIONS,
    **REWRITTEN,
    **SPELLING,
}
PRESUMED = {**PRESUMED_KINDS, **PRESUMED_CONVENTIONS, **PRESUMED_SPELLING, **PRESUMED_REWRITTEN}


@pytest.mark.parametrize("name", PAIRS)
def test_pair_has_its_level_and_each_break_a_witness(name: str) -> None:
    base, head, expected = PAIRS[name]

    differences = found(base, head)

    levels = [one.level.value for one in differences] or ["safe"]
    assert {"safe": "kept"}.get(levels[0], levels[0]) == expected
    assert all(one.witness is not None for one in differences if one.level.value == "breaking")


@pytest.mark.parametrize("name", PRESUMED)
def test_pair_of_which_no_message_speaks_has_its_level(name: str) -> None:
    base, head, expected = PRESUMED[name]

    levels = [one.level.value for one in found(base, head)] or ["safe"]

    assert {"safe": "kept"}.get(levels[0], levels[0]) == expected


@pytest.mark.parametrize("name", PAIRS)
def test_each_document_is_the_same_as_its_copy(name: str) -> None:
    for one in PAIRS[name][:2]:
        copied: dict[str, Json] = copy.deepcopy(one)
        assert found(one, copied) == []
