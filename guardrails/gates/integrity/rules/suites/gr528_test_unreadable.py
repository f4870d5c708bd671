"""GR528: a changed test file cannot be parsed, so nobody can say what it still tests."""

from collections.abc import Iterator

from guardrails.gates.integrity.view import View
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_FILE = "tests/test_rank.py"

RULE = Rule(
    id="GR528",
    name="test-unreadable",
    gate="integrity",
    summary="A changed test file does not parse.",
    why="Tests that cannot be read cannot be compared, and would not run either.",
    remedy="Correct the syntax, or write the file for the Python that judges it.",
    effect=Effect.UNDECIDED,
    bad=(
        Example(base={_FILE: "def test_a():\n    assert f()\n"}, files={_FILE: "def test_a(:\n"}),
        Example(base={}, files={_FILE: "def test_a():\n\treturn\n  x\n"}),
    ),
    good=(
        Example(base={_FILE: "def test_a(:\n"}, files={_FILE: "def test_a():\n    assert f()\n"}),
        Example(base={}, files={"tests/data.txt": "def test_a(:\n"}),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each test file of head that no parser accepts."""
    for path in view.unreadable:
        yield finding_of(
            RULE, Effect.UNDECIDED, Location(path), f"test file {path!r} cannot be parsed", subject=path
        )
