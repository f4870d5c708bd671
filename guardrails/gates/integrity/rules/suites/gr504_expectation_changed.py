"""GR504: a test of base expects another value, or a wider one, in head."""

from collections.abc import Iterator

from guardrails.gates.integrity.suites.assertions import Assertion
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_FILE = "tests/test_rank.py"
_CODE = "def score(n):\n    return n * {}\n"
_TEST = "from pytest import approx\n\ndef test_score():\n    assert score(3) == approx({}, rel={})\n"

RULE = Rule(
    id="GR504",
    name="expectation-changed",
    gate="integrity",
    summary="A test of base expects another value together with new product code, or tolerates more.",
    why="Code and the value that judged it changed in one go: the old promise is gone either way.",
    remedy="Keep the old expectation, or tell the reviewer which behaviour was meant to change.",
    effect=Effect.BLOCK,
    bad=(
        Example(
            base={"app.py": _CODE.format(2), _FILE: _TEST.format(6, "1e-6")},
            files={"app.py": _CODE.format(3), _FILE: _TEST.format(9, "1e-6")},
        ),
        Example(base={_FILE: _TEST.format(6, "1e-6")}, files={_FILE: _TEST.format(6, "0.5")}),
    ),
    good=(
        Example(
            base={_FILE: _TEST.format(6, "1e-6")},
            files={_FILE: _TEST.format(6, "1e-9") + "    assert score(4) == 8\n"},
        ),
        Example(
            base={"app.py": _CODE.format(2), _FILE: "def test_score():\n    assert score(3) == 6\n"},
            files={
                "app.py": _CODE.format("2  # doubled"),
                _FILE: "@pytest.mark.parametrize('n, want', [(3, 6), (4, 8)])\n"
                "def test_score(n, want):\n    assert score(n) == want\n",
            },
        ),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a block for each widened tolerance, a review for each test with rewritten values."""
    for pair, loss in view.losses:
        for old, new in loss.widened:
            yield finding_of(
                RULE,
                Effect.BLOCK,
                Location(pair.head.path, new.line, pair.head.name),
                f"test {pair.head.name} tolerates more than before",
                subject=f"{pair.base.name} {old.shape}",
                remedy="Restore the tolerance, or make the code as exact as it was.",
                evidence=(Before(old.text, new.text),),
            )
        if loss.revalued and view.changes_product:
            yield finding_of(
                RULE,
                Effect.REVIEW,
                Location(pair.head.path, loss.revalued[0][1].line, pair.head.name),
                f"test {pair.head.name} expects other values, in a change that also changes product code",
                subject=f"{pair.base.name} values",
                evidence=tuple(Before(_shown(old), _shown(new)) for old, new in loss.revalued),
            )


def _shown(assertion: Assertion) -> str:
    return f"{assertion.text} where {assertion.bound}" if assertion.bound else assertion.text
