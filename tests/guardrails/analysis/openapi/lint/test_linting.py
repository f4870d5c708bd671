"""Each rule's bad document shows it, its good one does not; and nothing stops the other rules."""

from collections import Counter

import pytest

from guardrails.analysis.openapi.documents import document_of, read_document
from guardrails.analysis.openapi.lint.linting import RULES, faults_of, new_faults
from guardrails.analysis.openapi.lint.subject import LintRule
from guardrails.analysis.openapi.values import Json


def ids(text: str) -> Counter[str]:
    return Counter(one.rule.id for one in faults_of(read_document(text.encode())))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_bad_document_shows_the_rule_and_the_good_one_does_not(rule: LintRule) -> None:
    assert ids(rule.bad)[rule.id] == 1
    assert ids(rule.good)[rule.id] == 0


@pytest.mark.parametrize("mark", [True, ["Swagger 2"]], ids=str)
def test_a_document_cannot_say_of_itself_that_an_ignored_header_counts(mark: Json) -> None:
    header: Json = {"name": "Authorization", "in": "header", "schema": {}, "x-guardrails-counts": mark}
    paths: Json = {"/a": {"get": {"parameters": [header], "responses": {"200": {"description": ""}}}}}
    root: dict[str, Json] = {"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths}

    assert "header-parameter-ignored" in {one.rule.name for one in faults_of(document_of(root))}


def test_ids_and_names_are_given_once() -> None:
    assert len({rule.id for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES) == 49


def test_only_faults_that_base_does_not_have_are_new() -> None:
    base = read_document(RULES[0].bad.encode())
    head = document_of({**base.root, "servers": [{"url": "http://api.example.com"}]})

    assert [one.rule.name for one in new_faults(base, head)] == ["address-unencrypted"]
    assert new_faults(head, base) == []


@pytest.mark.parametrize("odd", [None, 3, "x", [1], {"x": 1}, True, [{}], {"": None}], ids=str)
def test_no_rule_stumbles_over_odd_parts(odd: Json) -> None:
    schema: Json = dict.fromkeys(("type", "required", "enum", "properties", "oneOf", "pattern", "items"), odd)
    operation: Json = {
        "parameters": [
            odd,
            {"name": odd, "in": odd, "schema": odd},
            {"name": "q", "in": "query", "schema": schema},
        ],
        "requestBody": {"content": {"application/json": {"schema": schema, "examples": odd}}},
        "responses": {"200": odd, "x": {"content": {"application/json": odd}, "headers": odd}},
        "security": odd,
        "operationId": odd,
    }
    root: dict[str, Json] = {
        "openapi": "3.1.0",
        "paths": {"/a/{b}": {"post": operation, "parameters": odd, "get": odd}, "/b": odd},
        "components": {"schemas": {"a": odd, "b": schema}, "securitySchemes": odd},
        "servers": odd,
    }

    assert all(one.pointer.startswith("/") for one in faults_of(document_of(root)))


def test_recursive_schemas_are_linted_once() -> None:
    text = """
openapi: 3.1.0
paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/T'}}}}}}}
components: {schemas: {T: {type: object, properties: {next: {$ref: '#/components/schemas/T'}, all: {type: array}}}}}
"""
    assert ids(text)["GR257"] == 1
