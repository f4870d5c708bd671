"""Compiled validators are shared by what schemas say, and kept within a bound."""

import pytest

from guardrails.analysis.openapi.schemas import validators
from guardrails.analysis.openapi.schemas.validators import Compiler
from guardrails.analysis.openapi.values import Node


def test_schemas_that_say_the_same_share_a_validator() -> None:
    compiler = Compiler()
    made = compiler.compiled({"type": "string", "maxLength": 3})
    assert made is not None
    assert made is compiler.compiled({"type": "string", "maxLength": 3})
    assert made is not compiler.compiled({"type": "string", "maxLength": 4})
    assert [made.is_valid(text) for text in ("abc", "abcd")] == [True, False]


def test_the_order_of_keywords_tells_validators_apart_since_refusals_come_in_it() -> None:
    compiler = Compiler()
    assert compiler.compiled({"minLength": 5, "pattern": "^a"}) is not compiler.compiled(
        {"pattern": "^a", "minLength": 5}
    )


def test_what_cannot_be_compiled_is_none_each_time() -> None:
    compiler = Compiler()
    assert [compiler.compiled({"type": "no such type"}) for _ in range(2)] == [None, None]


def test_the_latest_are_kept_within_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validators, "_MOST_TEXT", 100)
    compiler = Compiler()
    schemas: list[Node] = [{"description": "x" * 20, "maxLength": size} for size in range(10)]
    first = compiler.compiled(schemas[0])
    assert compiler.compiled(schemas[1]) is compiler.compiled(schemas[1])
    for schema in schemas[1:]:
        compiler.compiled(schema)
    assert compiler.compiled(schemas[9]) is compiler.compiled(schemas[9])
    assert compiler.compiled(schemas[0]) is not first
    # One that is longer than the bound is compiled all the same.
    assert compiler.compiled({"description": "x" * 200}) is not None
