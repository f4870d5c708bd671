"""The judge's promises: nothing added helps, nothing incomplete excuses, silence is not consent."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrails.engine.judge import Judgement, Ledger, judge, lost_services
from guardrails.engine.plan import Plan, PlannedGate
from guardrails.model.approval import Approval, Dispute
from guardrails.model.change import Stage
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location, Status
from guardrails.model.policy import Policy, Service
from guardrails.model.rule import Failure, Report
from guardrails.model.verdict import Outcome
from guardrails.model.waiver import Baseline, Waiver

TODAY = date(2026, 11, 23)
# That check and the deadline measure wall time, which other work on the machine takes.
patient = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
SEVERITY = [Outcome.SKIPPED, Outcome.PASS, Outcome.REVIEW, Outcome.UNDECIDED, Outcome.BLOCK]
PLAN = Plan(Stage.MERGE, (PlannedGate("one"), PlannedGate("two")))

findings = st.builds(
    Finding,
    rule=st.sampled_from(["GR101", "GR102"]),
    gate=st.just("one"),
    effect=st.sampled_from(Effect),
    location=st.builds(
        Location,
        path=st.sampled_from(["a.py", "b.py"]),
        line=st.integers(0, 5),
        symbol=st.sampled_from(["", "f"]),
    ),
    message=st.sampled_from(["m", "n"]),
    remedy=st.just("r"),
    subject=st.sampled_from(["x", "y"]),
    evidence=st.sampled_from([(), (Before("1", "2"),)]),
)
finding_lists = st.lists(findings, max_size=6)
prints = st.lists(findings.map(lambda one: one.fingerprint), max_size=4)
waivers = st.lists(
    st.builds(
        Waiver,
        fingerprint=findings.map(lambda one: one.fingerprint),
        rule=st.sampled_from(["GR101", "GR102"]),
        owner=st.sampled_from(["", " ", "ann"]),
        reason=st.sampled_from(["", "known"]),
        expires=st.sampled_from([None, TODAY, TODAY - timedelta(1), TODAY + timedelta(9)]),
    ),
    max_size=3,
)


def ledger(**changes: object) -> Ledger:
    policy = Policy(stages={})
    return replace(Ledger(policy, TODAY, "digest"), **changes)  # type: ignore[arg-type]  # checked by the callers


def judged(one: list[Finding], on_base: list[str] | None = None, book: Ledger | None = None) -> Judgement:
    results: Mapping[str, Report | Failure] = {
        "one": Report(tuple(one), tuple(on_base or ())),
        "two": Report(),
    }
    return judge(PLAN, results, book or ledger())


@patient
@given(finding_lists, findings, prints, prints, waivers)
def test_adding_a_finding_never_improves_the_verdict(
    given_findings: list[Finding],
    extra: Finding,
    on_base: list[str],
    baseline: list[str],
    given_waivers: list[Waiver],
) -> None:
    policy = Policy(stages={}, baseline=Baseline(tuple(baseline)), waivers=tuple(given_waivers))
    book = ledger(policy=policy)
    before = judged(given_findings, on_base, book).outcome
    after = judged([*given_findings, extra], on_base, book).outcome
    assert SEVERITY.index(after) >= SEVERITY.index(before)


@patient
@given(st.permutations(list(range(5))), st.lists(findings, min_size=5, max_size=5), prints, waivers)
def test_the_order_of_findings_does_not_matter(
    order: list[int], given_findings: list[Finding], on_base: list[str], given_waivers: list[Waiver]
) -> None:
    book = ledger(policy=Policy(stages={}, waivers=tuple(given_waivers)))
    shuffled = [given_findings[index] for index in order]
    assert judged(shuffled, on_base, book) == judged(given_findings, on_base, book)


@patient
@given(finding_lists, waivers)
def test_a_waiver_without_owner_reason_or_unexpired_date_has_no_effect(
    given_findings: list[Finding], given_waivers: list[Waiver]
) -> None:
    lame = tuple(
        one
        for one in given_waivers
        if not one.owner.strip() or not one.reason.strip() or one.expires is None or one.expires < TODAY
    )
    book = ledger(policy=Policy(stages={}, waivers=lame))
    assert judged(given_findings, book=book) == judged(given_findings)


@patient
@given(finding_lists)
def test_a_required_gate_without_an_outcome_is_at_least_undecided(given_findings: list[Finding]) -> None:
    result = judge(PLAN, {"one": Report(tuple(given_findings))}, ledger())
    assert result.outcome in {Outcome.UNDECIDED, Outcome.BLOCK}
    assert [one.outcome for one in result.gates][1] is Outcome.UNDECIDED
    assert any(one.rule == "GR002" for one in result.findings)


@patient
@given(finding_lists, prints)
def test_no_finding_is_ever_lost(given_findings: list[Finding], on_base: list[str]) -> None:
    kept = judged(given_findings, on_base).findings
    assert sorted(one.fingerprint for one in kept) == sorted(one.fingerprint for one in given_findings)


def block(**changes: str) -> Finding:
    plain = Finding("GR101", "one", Effect.BLOCK, Location("a.py", 3, "f"), "fact", "remedy", "x")
    return replace(plain, **changes)  # type: ignore[arg-type]  # only text fields are replaced


def test_a_failed_gate_is_undecided_and_says_why() -> None:
    result = judge(PLAN, {"one": Failure("ToolMissing", "ruff is gone"), "two": Report()}, ledger())
    assert result.outcome is Outcome.UNDECIDED
    assert result.gates[0].reason == "GR001 ruff is gone"


def test_a_plan_without_gates_is_undecided() -> None:
    assert judge(Plan(Stage.MERGE, ()), {}, ledger()).outcome is Outcome.UNDECIDED


def test_a_second_identical_fault_is_new() -> None:
    fault = block()
    result = judged([fault, fault], [fault.fingerprint])
    assert sorted(one.status for one in result.findings) == [Status.NEW, Status.OLD]
    assert result.outcome is Outcome.BLOCK


def test_a_waiver_settles_one_finding_and_not_its_twin() -> None:
    fault = block()
    waiver = Waiver(fault.fingerprint, "GR101", "ann", "known", TODAY)
    book = ledger(policy=Policy(stages={}, waivers=(waiver,)))
    assert judged([fault], book=book).outcome is Outcome.PASS
    assert judged([fault, fault], book=book).outcome is Outcome.BLOCK
    assert judged([fault, fault], [fault.fingerprint], book).outcome is Outcome.BLOCK


def approval(fault: Finding, **changes: object) -> Approval:
    plain = Approval("ann", "digest", fault.fingerprint, fault.evidence_digest, "agreed", TODAY)
    return replace(plain, **changes)  # type: ignore[arg-type]  # the tests name real fields


def approved_outcome(fault: Finding, approvals: tuple[Approval, ...], **changes: object) -> Outcome:
    disputes = changes.pop("disputes", ())
    policy = replace(Policy(stages={}, approvers=("ann", "bob")), **changes)  # type: ignore[arg-type]  # as above
    return judged([fault], book=ledger(policy=policy, approvals=approvals, disputes=disputes)).outcome


def test_an_approval_holds_only_for_its_change_finding_evidence_and_time() -> None:
    fault = block()
    assert approved_outcome(fault, (approval(fault),)) is Outcome.PASS
    for stale in (
        approval(fault, change_digest="other"),
        approval(fault, fingerprint="other"),
        approval(fault, evidence_digest="other"),
        approval(fault, expires=TODAY - timedelta(1)),
        approval(fault, approver="mallory"),
    ):
        assert approved_outcome(fault, (stale,)) is Outcome.BLOCK


def test_undecided_needs_break_glass_and_two_different_approvers() -> None:
    fault = replace(block(), effect=Effect.UNDECIDED)
    ann, bob = approval(fault), approval(fault, approver="bob")
    assert approved_outcome(fault, (ann, bob)) is Outcome.UNDECIDED
    assert approved_outcome(fault, (ann, ann), allows_break_glass=True) is Outcome.UNDECIDED
    assert approved_outcome(fault, (ann, bob), allows_break_glass=True) is Outcome.PASS


def test_a_dispute_makes_review_of_block_and_only_where_policy_allows_it() -> None:
    fault = block()
    dispute = (Dispute(fault.fingerprint, "agent", "the rule is wrong"),)
    assert approved_outcome(fault, (), disputes=dispute) is Outcome.BLOCK
    assert approved_outcome(fault, (), disputes=dispute, allows_disputes=True) is Outcome.REVIEW


def test_a_final_rule_can_be_neither_waived_approved_nor_disputed() -> None:
    fault = block()
    policy = Policy(
        stages={},
        approvers=("ann",),
        allows_disputes=True,
        waivers=(Waiver(fault.fingerprint, "GR101", "ann", "known", TODAY),),
    )
    book = ledger(
        policy=policy,
        approvals=(approval(fault),),
        disputes=(Dispute(fault.fingerprint, "agent", "no"),),
        final_rules=frozenset({"GR101"}),
    )
    assert judged([fault], book=book).outcome is Outcome.BLOCK


def test_an_excuse_settles_one_finding_and_never_one_of_a_final_rule() -> None:
    twins, excuse = (block(), block()), ((block().fingerprint, "allowed until 2027-01-31: known"),)
    results = {"one": Report(twins, excused=excuse), "two": Report()}
    statuses = [one.status for one in judge(PLAN, results, ledger()).findings]
    final = ledger(final_rules=frozenset({"GR101"}))
    assert sorted(statuses) == [Status.NEW, Status.WAIVED]
    assert {one.status for one in judge(PLAN, results, final).findings} == {Status.NEW}


@patient
@given(finding_lists)
def test_findings_that_no_gate_gave_weigh_as_much_as_a_gate_s(besides: list[Finding]) -> None:
    report = Report(tuple(besides))
    alone = judge(PLAN, {"one": Report(), "two": Report()}, ledger(), besides)
    given_by_a_gate = judge(PLAN, {"one": report, "two": Report()}, ledger())
    assert alone.outcome is given_by_a_gate.outcome
    assert Counter(alone.findings) == Counter(given_by_a_gate.findings)


def test_service_whose_files_lie_elsewhere_needs_a_person() -> None:
    services = (Service("shop", paths=("shop",)), Service("till", paths=("src/till",)))
    lost = lost_services(services, ["shop/app.py", "till/app.py"])
    assert [one.location.symbol for one in lost] == [""]
    assert lost[0].message.endswith("neither base nor head has a file under src/till; there is till")
    (moved,) = lost_services(
        services[-1:], ["code/till/app.py", "old/till/app.py", "till.py", "stills/app.py"]
    )
    assert moved.message.endswith("under src/till; there is code/till")
    assert moved.fingerprint == lost[0].fingerprint
    judged = judge(PLAN, {"one": Report(), "two": Report()}, ledger(), lost)
    assert judged.outcome is Outcome.REVIEW
