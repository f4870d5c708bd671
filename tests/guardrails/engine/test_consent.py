"""Who may consent to what is base's policy alone, and whoever settles nothing is told why."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.engine.consent import applied, approved, disputed, ineligible, remarks, unheard
from guardrails.engine.judge import Ledger
from guardrails.model.approval import Approval, Dispute, Rejection
from guardrails.model.finding import Effect, Finding, Location, Status
from guardrails.model.frozen import replace
from guardrails.model.policy import ApprovalPolicy, ApprovalTerms, Policy

TODAY = date(2026, 11, 23)
FAULT = Finding(
    "GR201", "contract", Effect.BLOCK, Location("contracts/shop/openapi.yaml"), "m", "r", "GET /teas"
)


def approval(who: str = "ann", **changes: object) -> Approval:
    true = Approval(
        who, "digest", FAULT.fingerprint, FAULT.evidence_digest, "agreed", TODAY, repository="here"
    )
    return replace(true, **changes)


def ledger(terms: ApprovalPolicy | None = None, **changes: object) -> Ledger:
    policy = Policy(stages={}, approvers=("ann", "bob@example.org"), approvals=terms or ApprovalPolicy())
    return replace(Ledger(policy, TODAY, "digest", repository="here"), **changes)


@given(
    st.builds(
        Approval,
        approver=st.sampled_from(["ann", "bob@example.org", "Ann", "eve"]),
        change_digest=st.sampled_from(["digest", "other"]),
        fingerprint=st.sampled_from([FAULT.fingerprint, "0" * 20]),
        evidence_digest=st.sampled_from([FAULT.evidence_digest, "0" * 64]),
        reason=st.just("agreed"),
        expires=st.sampled_from([None, TODAY, TODAY - timedelta(1)]),
        repository=st.sampled_from(["here", "", "there"]),
    )
)
def test_an_approval_settles_only_what_all_its_parts_name(one: Approval) -> None:
    parts = (one.change_digest, one.fingerprint, one.evidence_digest, one.repository)
    is_true = parts == ("digest", FAULT.fingerprint, FAULT.evidence_digest, "here")
    is_true = is_true and one.approver in {"ann", "bob@example.org"} and one.expires != TODAY - timedelta(1)
    book = ledger(approvals=(one,))
    settled = approved(FAULT, book)
    notes = list(unheard(book, [settled or FAULT], (), ()))
    assert (settled is not None) == is_true
    assert bool(notes) != is_true
    assert applied(book, [settled or FAULT]) == ((one,) if is_true else ())


@pytest.mark.parametrize(
    ("terms", "who", "reason"),
    [
        (
            ApprovalPolicy(rules={"GR201": ApprovalTerms(approvable=False)}),
            "ann",
            "lets nobody approve GR201",
        ),
        (
            ApprovalPolicy(rules={"contract": ApprovalTerms(by=("bob@example.org",))}),
            "ann",
            "only bob@example.org",
        ),
        (
            ApprovalPolicy(rules={"contract": ApprovalTerms(approvable=False), "GR201": ApprovalTerms()}),
            "ann",
            "",
        ),
        (
            ApprovalPolicy(owners={"contracts": ("bob@example.org",)}),
            "ann",
            "approve what is in contracts/shop",
        ),
        (ApprovalPolicy(owners={".": ("bob@example.org",), "contracts/shop": ("ann",)}), "ann", ""),
        (ApprovalPolicy(owners={"contract": ("bob@example.org",)}), "ann", ""),
        (ApprovalPolicy(bots=("ANN",)), "ann", "ann is listed as a bot"),
        (ApprovalPolicy(), "eve", "eve is not in base's policies/approvers"),
    ],
)
def test_terms_owners_and_bots_say_who_may(terms: ApprovalPolicy, who: str, reason: str) -> None:
    said = ineligible(who, FAULT, ledger(terms))
    assert reason in said
    assert bool(reason) == bool(said)


@pytest.mark.parametrize(
    ("who", "author", "is_own"),
    [
        ("ann", "ann", True),
        ("ann", "ANN@example.org", True),
        ("bob@example.org", "bob", True),
        ("bob@example.org", "Bob@Example.org", True),
        ("bob@example.org", "bob@example.com", False),
        ("ann", "joann", False),
    ],
)
def test_an_author_is_recognised_by_name_or_address(who: str, author: str, is_own: bool) -> None:
    said = ineligible(who, FAULT, ledger(authors=(author,)))
    assert ("is an author" in said) == is_own
    assert not ineligible(who, FAULT, ledger(ApprovalPolicy(own_changes=True), authors=(author,)))


def test_what_has_to_be_said_aloud_is_said() -> None:
    soft = approval(key="ssh-ed25519")
    (unknown, untouched) = remarks(ledger(), [], [soft])
    assert "nobody knows who wrote the change" in unknown
    assert "ssh-ed25519" in untouched
    assert not list(remarks(ledger(authors=("eve",)), [], [approval(key="sk-ssh-ed25519@openssh.com")]))
    glass = replace(
        FAULT, effect=Effect.UNDECIDED, status=Status.APPROVED, status_reason="let through by two"
    )
    assert next(remarks(ledger(), [glass], [])).startswith("BREAK-GLASS: GR201 m; it was not judged, and let")


def test_a_dispute_names_a_block_and_nothing_else() -> None:
    said = (Dispute(FAULT.fingerprint, "the author", "wrong"),)
    policy = replace(ledger().policy, allows_disputes=True)
    open_book = ledger(policy=policy, disputes=said)
    for effect in Effect:
        found = disputed(replace(FAULT, effect=effect), open_book)
        assert (found is not None) == (effect is Effect.BLOCK)
    assert disputed(FAULT, ledger(disputes=said)) is None


def test_only_so_many_refusals_are_told() -> None:
    refused = [Rejection(f"{number}.approval", "it is no approval") for number in range(50)]
    notes = list(unheard(ledger(), [], refused, ()))
    assert len(notes) == 21
    assert notes[-1].message == "30 more approvals are not accepted; they are not shown"
    assert {one.effect for one in notes} == {Effect.NOTE}
