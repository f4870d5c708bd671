"""GR502: a test that base ran is skipped or expected to fail in head."""

from collections.abc import Iterable, Iterator
from posixpath import basename

from guardrails.gates.integrity.suites.skips import Skip
from guardrails.gates.integrity.suites.suite import Case
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_TEST = "def test_top():\n    assert rank(3) == [1]\n"
_FILE = "tests/test_rank.py"

RULE = Rule(
    id="GR502",
    name="test-skipped",
    gate="integrity",
    summary="A test that base ran is now skipped or expected to fail.",
    why="A skipped test passes whatever the code does. Without a condition it is off for good.",
    remedy="Make the code pass the test, or file a dispute that says why the test is wrong.",
    effect=Effect.BLOCK,
    bad=(
        Example(
            base={_FILE: _TEST},
            files={_FILE: "import pytest\n\n@pytest.mark.skip(reason='flaky')\n" + _TEST},
        ),
        Example(
            base={_FILE: _TEST},
            files={_FILE: "import pytest\npytestmark = [pytest.mark.xfail]\n\n" + _TEST},
        ),
        Example(
            base={_FILE: _TEST},
            files={
                _FILE: "import pytest, sys\n\n@pytest.mark.skipif(sys.version_info > (3,), reason='x')\n"
                + _TEST
            },
        ),
    ),
    good=(
        Example(
            base={_FILE: "import pytest\n\n@pytest.mark.skip(reason='flaky')\n" + _TEST},
            files={_FILE: _TEST},
        ),
        Example(
            base={_FILE: _TEST},
            files={
                _FILE: "import pytest\n"
                + _TEST
                + "\n@pytest.mark.skip\ndef test_later():\n    assert rank(9)\n"
            },
        ),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each newly skipped test, and one for each file or fixture that skips."""
    whole = set()
    for path, suite in view.suites_after.items():
        before = view.suites_before.get(path)
        if before is None:
            if basename(path) == "conftest.py":
                yield from _from_support((), suite.cases.values())
            continue
        for skip in _new(before.skips, suite.skips):
            whole.add(path)
            yield _finding(path, "", skip, "every test of the file")
        yield from _from_support(before.cases.values(), suite.cases.values())
    for pair in view.pairing.pairs:
        if pair.head.path not in whole or pair.base.path != pair.head.path:
            for skip in _new(pair.base.skips, pair.head.skips):
                yield _finding(pair.head.path, pair.head.name, skip, f"test {pair.head.name}", pair.head.line)


def _from_support(base: Iterable[Case], head: Iterable[Case]) -> Iterator[Finding]:
    old = {one.name: one for one in base}
    for case in head:
        if case.is_test or not (case.is_autouse or case.name in old):
            continue
        for skip in _new(old[case.name].skips if case.name in old else (), case.skips):
            yield _finding(case.path, case.name, skip, f"every test that {case.name} serves", case.line)


def _new(base: Iterable[Skip], head: Iterable[Skip]) -> list[Skip]:
    """Return the skips of head that are not base's, one for each text; reworded reasons are not new."""
    had = list(base)
    if any(not one.is_conditional and not one.parameter for one in had):
        return []
    known = {(one.text, one.parameter) for one in had}
    found = {(one.text, one.parameter): one for one in head if (one.text, one.parameter) not in known}
    surplus = len([one for one in found.values() if one.is_conditional]) - len(had)
    return [one for one in found.values() if not one.is_conditional or surplus > 0 or not had]


def _finding(path: str, symbol: str, skip: Skip, what: str, line: int = 0) -> Finding:
    unconditional = not skip.is_conditional and not skip.parameter
    when = (
        ""
        if unconditional
        else " under a condition"
        if skip.is_conditional
        else f" for case {skip.parameter}"
    )
    return finding_of(
        RULE,
        Effect.BLOCK if not skip.is_conditional else Effect.REVIEW,
        Location(path, skip.line or line, symbol),
        f"{what} no longer has to pass{when}",
        subject=skip.text,
        evidence=(Before("", skip.text),),
    )
