"""GR501: a test of base is in no file of head any more."""

from collections.abc import Iterator

from guardrails.gates.integrity.paths import Role
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_TWO = "def test_top():\n    assert rank(3) == [1]\n\ndef test_ties():\n    assert rank(0) == []\n"
_ONE = "def test_top():\n    assert rank(3) == [1]\n"
_CASES = "@pytest.mark.parametrize('n', [{}])\ndef test_rank(n):\n    assert rank(n) == n\n"

RULE = Rule(
    id="GR501",
    name="test-removed",
    gate="integrity",
    summary="A test that base had is gone, and no test of head does its work.",
    why="A removed test can no longer fail. Most removals are honest, so a person looks at each.",
    remedy="Put the test back, or tell the reviewer which test now covers the behaviour.",
    effect=Effect.REVIEW,
    bad=(
        Example(base={"tests/test_rank.py": _TWO}, files={"tests/test_rank.py": _ONE}),
        Example(
            base={"tests/test_rank.py": _CASES.format("1, 2, 3")},
            files={"tests/test_rank.py": _CASES.format("1")},
        ),
    ),
    good=(
        Example(
            base={"tests/test_rank.py": _TWO},
            files={"tests/test_rank.py": _ONE, "tests/test_ties.py": _TWO.removeprefix(_ONE)},
        ),
        Example(
            base={"tests/test_rank.py": _TWO},
            files={"tests/test_rank.py": _TWO.replace("test_ties", "test_equal_scores_keep_order")},
        ),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each removed test, and for each test that lost parametrized cases."""
    gone_files = {one.path for one in view.files(Role.TEST) if one.new is None}
    for case in view.pairing.removed:
        if case.path in gone_files:
            continue
        yield finding_of(
            RULE,
            Effect.REVIEW,
            Location(case.path, case.line, case.name),
            f"test {case.name} was removed, with {len(case.live)} assertion(s)",
            subject=case.id,
            evidence=(Before("\n".join(one.text for one in case.live), ""),),
        )
    for pair in view.pairing.pairs:
        lost = tuple(one for one in pair.base.parameters if one not in pair.head.parameters)
        if pair.head.parameters and len(pair.head.parameters) < len(pair.base.parameters):
            yield finding_of(
                RULE,
                Effect.REVIEW,
                Location(pair.head.path, pair.head.line, pair.head.name),
                f"test {pair.head.name} lost {len(lost)} of its parametrized cases",
                subject=f"{pair.base.id} parameters",
                evidence=(Before("\n".join(lost), ""),),
            )
