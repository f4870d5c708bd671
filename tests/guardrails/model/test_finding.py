"""A finding's identity survives what should not matter and any text that hostile code can hold."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from guardrails.model.evidence import Before, Interval, digest_of
from guardrails.model.finding import Effect, Finding, Location

any_text = st.text(st.characters())  # lone surrogates included
PLAIN = Finding("GR101", "one", Effect.BLOCK, Location("a.py", 3, "f"), "fact", "remedy", "x = 1")


@given(any_text, any_text, any_text)
def test_any_text_has_a_fingerprint(path: str, symbol: str, subject: str) -> None:
    finding = replace(PLAIN, location=Location(path, 1, symbol), subject=subject)
    assert len(finding.fingerprint) == 20
    assert len(digest_of((Before(path, subject),))) == 64


def test_lines_spaces_and_effect_do_not_change_the_fingerprint() -> None:
    moved = replace(PLAIN, location=Location("b.py", 99, "f"), subject="x  =\n 1", effect=Effect.NOTE)
    assert moved.fingerprint == PLAIN.fingerprint


def test_rule_symbol_and_subject_each_change_the_fingerprint() -> None:
    others = (
        replace(PLAIN, rule="GR102"),
        replace(PLAIN, location=Location("a.py", 3, "g")),
        replace(PLAIN, subject="x = 2"),
    )
    assert len({one.fingerprint for one in (PLAIN, *others)}) == 4


def test_measured_numbers_do_not_change_the_evidence_digest() -> None:
    one = Interval("CPU", "s", 1.0, 0.9, 1.1, 0.99, 5)
    assert digest_of((one,)) == digest_of((replace(one, estimate=2.0, samples=9),))
    assert digest_of((one,)) != digest_of((replace(one, metric="wall"),))
