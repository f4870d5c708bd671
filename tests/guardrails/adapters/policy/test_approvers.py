"""`policies/approvers`: each line is exactly one human's, or the policy is refused."""

from datetime import date

import pytest

from guardrails.adapters.policy.approvers import signers_in
from guardrails.adapters.policy.reader import read_policy
from guardrails.model.errors import PolicyError
from guardrails.wiring import catalog
from tests.guardrails.adapters.policy.reading import FULL, read
from tests.repos.memory import MemoryCache, MemoryTree

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPtUIS4P5smwJdUdyn/3HaflVjIaJR1J8AEtCRMDorYd"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDCt1eQnCk5WuOb2GCmNyQvD9M1NWy0mOPBuplULQYqr"
PATH = "policies/approvers"


def test_a_line_is_a_name_its_days_and_its_key() -> None:
    text = f'ada\nann@example.org valid-after="20260101",valid-before="20270101120000Z" {KEY} ann at home # new\n'
    bare, keyed = signers_in(PATH, text.encode())
    assert (bare.name, bare.key) == ("ada", "")
    assert (keyed.name, f"{keyed.key_type} {keyed.key}") == ("ann@example.org", KEY)
    assert (keyed.first_day, keyed.last_day) == (date(2026, 1, 1), date(2026, 12, 31))
    assert keyed.described.startswith("ann@example.org ssh-ed25519 SHA256:")


def test_one_human_may_have_several_keys_and_is_one_name() -> None:
    assert read({"guardrails.yaml": FULL, "approvers": f"ann {KEY}\nann {OTHER}\n"}).approvers == ("ann",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"ann {KEY}\nbob {KEY}", ":2: bob has the key of ann; one human is one approver"),
        (f"ann {KEY}\nAnn {OTHER}", ":2: Ann is there twice"),
        (f"ann {KEY}\nann {KEY}", ":2: ann is there twice"),
        (f"a* {KEY}", ":1: a* is a pattern or a list"),
        (f"ann,bob {KEY}", ":1: ann,bob is a pattern or a list"),
        (f"ann cert-authority {KEY}", ":1: cert-authority lets others name approvers"),
        (f'ann namespaces="git" {KEY}', ":1: namespaces leaves out guardrails-approval"),
        (f'ann valid-until="20270101" {KEY}', ":1: there is no option valid-until"),
        (f'ann valid-after="2026" {KEY}', ":1: 2026 is no day"),
        (f'ann valid-after="20260101 {KEY}', ":1: ann valid-after="),
        ("ann ssh-dss AAAA", ":1: ssh-dss is no type of key that may sign"),
        (
            "ann ssh-ed25519-cert-v01@openssh.com AAAA",
            ":1: ssh-ed25519-cert-v01@openssh.com is no type of key",
        ),
        (KEY.replace("ssh-ed25519", "ann ssh-rsa"), ":1: the key of ann is damaged"),
        ("ann ssh-ed25519", ":1: ann has options and no whole key"),
        ("ann ssh-ed25519 %%%", ":1: the key of ann is damaged"),
    ],
)
def test_a_line_that_could_be_two_humans_or_nobody_is_refused(text: str, expected: str) -> None:
    with pytest.raises(PolicyError) as error:
        signers_in(PATH, text.encode())
    assert str(error.value).startswith(f"{PATH}{expected}")


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("rules: {GR9999: {}}", "no rule and no gate is called GR9999"),
        ("rules: {GR201: {by: [eve]}}", "eve is not in policies/approvers of the same commit"),
        ("owners: {shop: [eve]}", "eve is not in policies/approvers of the same commit"),
        ("rules: {GR518: {}}", "GR518 (self-grant) is final, nobody approves it"),
        ("approvers: 0", "approvers is less than 1"),
        ("keys: soft", 'keys is "soft"'),
    ],
)
def test_terms_that_nobody_could_meet_are_refused(terms: str, expected: str) -> None:
    policy = f"version: 1\napprovals: {{{terms}}}\n"
    tree = MemoryTree({"policies/guardrails.yaml": policy, PATH: f"ann {KEY}\n"})
    with pytest.raises(PolicyError) as error:
        read_policy(tree, catalog().gates, MemoryCache())
    assert expected in str(error.value)
