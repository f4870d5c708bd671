"""Which differences of the terms of approvals are named as letting more through."""

import pytest

from guardrails.gates.integrity.documents.flat import document_differences, flat_document
from guardrails.gates.integrity.documents.loosening import weakening_of

PATH = "policies/guardrails.yaml"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", "disputes: true", "disputes switched on"),
        ("break_glass: false", "break_glass: true", "break_glass switched on"),
        ("break_glass: true", "break_glass: false", ""),
        ("approvals: {keys: touch}", "approvals: {keys: any}", "keys that nobody has to touch may sign"),
        ("", "approvals: {keys: any}", "keys that nobody has to touch may sign"),
        ("approvals: {keys: any}", "approvals: {keys: touch}", ""),
        ("", "approvals: {own_changes: true}", "own_changes switched on"),
        ("approvals: {approvers: 2}", "approvals: {approvers: 1}", "floor lowered"),
        ("approvals: {approvers: 2}", "approvals: {approvers: 3}", ""),
        ("approvals: {bots: [ci]}", "approvals: {bots: []}", "bots removed: ci"),
        (
            "approvals: {rules: {GR201: {approvable: false}}}",
            "approvals: {rules: {GR201: {approvable: true}}}",
            "approvable switched on",
        ),
        (
            "approvals: {rules: {GR201: {by: [ann]}}}",
            "approvals: {rules: {GR201: {by: [ann, eve]}}}",
            "also lets eve consent",
        ),
        (
            "approvals: {owners: {shop: [ann]}}",
            "approvals: {owners: {shop: [ann, eve]}}",
            "also lets eve consent",
        ),
        ("approvals: {owners: {shop: [ann, eve]}}", "approvals: {owners: {shop: [ann]}}", ""),
        ("", "approvals: {owners: {shop: [ann]}}", ""),
    ],
)
def test_terms_of_approvals_that_let_more_through_are_named(before: str, after: str, told: str) -> None:
    sides = [flat_document(PATH, f"version: 1\n{text}\n") for text in (before, after)]
    assert sides[0] is not None
    assert sides[1] is not None
    found = [weakening_of(PATH, one) for one in document_differences(sides[0], sides[1])]
    assert [one for one in found if one] == ([told] if told else [])
