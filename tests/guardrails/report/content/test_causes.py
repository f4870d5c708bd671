from guardrails.model.evidence import CallChain, Evidence, Step
from guardrails.model.finding import Effect, Finding, Location
from guardrails.report.content.causes import causes_of
from guardrails.report.content.summary import Entry


def entry(name: str, *steps: str, rule: str = "GR102") -> Entry:
    chain = CallChain(tuple(Step(one, "app.py", number) for number, one in enumerate(steps, 1)))
    evidence: tuple[Evidence, ...] = (chain,) if steps else ()
    finding = Finding(
        rule=rule,
        gate="architecture",
        effect=Effect.BLOCK,
        location=Location("app.py", 1, name),
        message="reaches time.sleep",
        remedy="do not",
        subject="sleep",
        evidence=evidence,
    )
    return Entry(f"{rule}-{name}", finding)


def test_findings_that_end_at_one_call_are_one_cause_told_by_the_shortest_chain() -> None:
    far = entry("far", "far calls near", "near calls wait", "wait calls time.sleep")
    near = entry("near", "near calls wait", "wait calls time.sleep")
    (cause,) = causes_of((far, near))
    assert cause.entry is near
    assert cause.others == ("far",)


def test_other_rules_other_calls_and_findings_without_a_chain_stay_apart() -> None:
    entries = (
        entry("a", "a calls wait", "wait calls time.sleep"),
        entry("b", "b calls wait", "wait calls time.sleep", rule="GR110"),
        entry("c", "c calls fetch", "fetch calls requests.get"),
        entry("d"),
        entry("e"),
    )
    assert [one.entry for one in causes_of(entries)] == list(entries)


def test_two_findings_of_one_function_name_it_once() -> None:
    twice = (
        entry("a", "a calls wait", "wait calls time.sleep"),
        entry("a", "a calls wait", "wait calls time.sleep"),
    )
    (cause,) = causes_of(twice)
    assert cause.others == ()
