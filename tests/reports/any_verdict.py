"""Verdicts of every shape, with hostile text in every place that a change can reach."""

from hypothesis import strategies as st

from guardrails.model.change import Change, Entry, FileChange, Mode, Revision, Stage
from guardrails.model.evidence import (
    Before,
    CallChain,
    Evidence,
    Interval,
    Movement,
    Mutant,
    Step,
    TestOutcome,
    Transcript,
    Witness,
)
from guardrails.model.finding import Effect, Finding, Location, Status
from guardrails.model.verdict import GateOutcome, Outcome, Verdict

# What a path decoded with surrogateescape can hold: every character, no surrogate but U+DC80 to U+DCFF.
_CHARACTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(
    "\udc80\udcff\x1b\n\r\x00\x7f\x9b\u202e\u2028"
)
HOSTILE = st.text(_CHARACTERS, max_size=300) | st.sampled_from(
    ["", "a b -> c", '"', "\\", "[x](y)", "x" * 5_000, "\u6f22" * 400, "a" + "\u0301" * 300]
)
# Answers of a service are decoded JSON, so they may hold any lone surrogate as well.
ANSWER = HOSTILE | st.text(st.characters(), max_size=60)
NUMBERS = st.floats() | st.integers(-(10**6), 10**6).map(float)
SMALL = st.integers(0, 10**6)
ITEMS = st.lists(ANSWER, max_size=8).map(tuple)


def intervals() -> st.SearchStrategy[Interval]:
    return st.builds(Interval, HOSTILE, HOSTILE, NUMBERS, NUMBERS, NUMBERS, NUMBERS, SMALL)


def evidences() -> st.SearchStrategy[Evidence]:
    steps = st.lists(st.builds(Step, HOSTILE, HOSTILE, SMALL), max_size=4).map(tuple)
    return st.one_of(
        st.builds(Before, ANSWER, ANSWER),
        st.builds(Witness, ANSWER, ANSWER, ANSWER),
        st.builds(Movement, HOSTILE, HOSTILE, ITEMS, ITEMS, HOSTILE),
        st.builds(TestOutcome, HOSTILE, HOSTILE, HOSTILE, ANSWER),
        st.builds(Mutant, HOSTILE, SMALL, HOSTILE, HOSTILE),
        st.builds(CallChain, steps),
        st.builds(Transcript, ANSWER, ANSWER),
        intervals(),
    )


def findings() -> st.SearchStrategy[Finding]:
    return st.builds(
        Finding,
        rule=st.sampled_from(["GR101", "GR102"]) | HOSTILE,
        gate=st.sampled_from(["style", "golden"]),
        effect=st.sampled_from(Effect),
        location=st.builds(Location, HOSTILE, SMALL | st.just(10**80), HOSTILE),
        message=ANSWER,
        remedy=ANSWER,
        subject=HOSTILE,
        evidence=st.lists(evidences(), max_size=3).map(tuple),
        status=st.sampled_from(Status),
        status_reason=HOSTILE,
    )


def changes() -> st.SearchStrategy[Change]:
    revisions = st.builds(Revision, HOSTILE, st.just("7b" * 20), st.none() | st.just("1f" * 20))
    entry = Entry(Mode.FILE, "a" * 40)
    files = st.lists(
        st.builds(FileChange, HOSTILE, st.just(entry), st.none() | st.just(entry)), max_size=3
    ).map(tuple)
    return st.builds(
        Change, revisions, revisions, revisions, files, HOSTILE, st.none() | HOSTILE, st.booleans()
    )


def verdicts(most: int = 8) -> st.SearchStrategy[Verdict]:
    gates = st.builds(
        GateOutcome, HOSTILE, st.sampled_from(Outcome), ANSWER, st.lists(ANSWER, max_size=2).map(tuple)
    )
    measured = st.dictionaries(HOSTILE, st.dictionaries(HOSTILE, NUMBERS, max_size=2), max_size=2)
    return st.builds(
        Verdict,
        outcome=st.sampled_from([one for one in Outcome if one is not Outcome.SKIPPED]),
        stage=st.sampled_from(Stage),
        change=changes(),
        gates=st.lists(gates, max_size=12).map(tuple),
        findings=st.lists(findings(), max_size=most).map(tuple),
        policy_source=HOSTILE,
        policy_digest=HOSTILE,
        harness=HOSTILE,
        box=HOSTILE,
        notes=st.lists(ANSWER, max_size=6).map(tuple),
        measured=measured,
    )
