"""A name that base speaks of in a rule alone may come with any value, so head may not narrow it unseen."""

import pytest

from guardrails.analysis.openapi.values import Json
from tests.guardrails.analysis.openapi.pairs import worst_of_answer, worst_of_request
from tests.guardrails.analysis.openapi.schemas.narrowed import STRING, WHOLE, shape

_WHERE_N: Json = {"properties": {"n": {"const": "x"}}, "required": ["n"]}
_ASKS_K: Json = {"required": ["k"]}
RULES: dict[str, dict[str, Json]] = {
    "condition declares it": {"if": _WHERE_N, "then": _ASKS_K},
    "condition asks for it": {"if": {"required": ["n"]}, "then": _ASKS_K},
    "consequence declares it": {"if": _ASKS_K, "then": {"properties": {"n": {"minLength": 1}}}},
    "alternative declares it": {"if": _ASKS_K, "else": {"properties": {"n": {"minLength": 1}}}},
    "negation declares it": {"not": _WHERE_N},
    "other names depend on it": {"dependentRequired": {"n": ["k"]}},
    "it depends on others": {"dependentRequired": {"k": ["n"]}},
    "a schema depends on it": {"dependentSchemas": {"n": _ASKS_K}},
    "a dependent schema declares it": {"dependentSchemas": {"k": {"properties": {"n": STRING}}}},
    "names are listed": {"propertyNames": {"enum": ["k", "n"]}},
    "condition in a condition": {"if": _ASKS_K, "then": {"if": _WHERE_N, "then": _ASKS_K}},
    "negation in a part": {"allOf": [{"not": _WHERE_N}]},
}


@pytest.mark.parametrize("name", RULES)
def test_name_of_a_rule_alone_is_not_narrowed_unseen(name: str) -> None:
    base, head = {**shape(k=STRING), **RULES[name]}, {**shape(k=STRING, n=WHOLE), **RULES[name]}

    assert worst_of_request(base, head) == "breaking"
    assert worst_of_answer(head, base) == "breaking"


def test_rule_that_goes_does_not_hide_what_it_spoke_of() -> None:
    base = {**shape(k=STRING), **RULES["condition declares it"]}

    assert worst_of_request(base, shape(k=STRING, n=WHOLE)) == "breaking"


def test_name_that_nothing_speaks_of_may_be_declared() -> None:
    rule: dict[str, Json] = {"if": {"properties": {"k": {"const": "x"}}}, "then": _ASKS_K}

    assert worst_of_request({**shape(k=STRING), **rule}, {**shape(k=STRING, n=WHOLE), **rule}) == "safe"
    assert worst_of_request(shape(k=STRING), shape(k=STRING, n=WHOLE)) == "safe"
