"""GR503: a test of base asserts less in head, or nothing."""

from collections.abc import Iterator

from guardrails.gates.integrity.suites.assertions import Assertion
from guardrails.gates.integrity.suites.comparison import Loss
from guardrails.gates.integrity.suites.pairing import Pair
from guardrails.gates.integrity.view import View
from guardrails.model.evidence import Before
from guardrails.model.finding import Effect, Finding, Location
from guardrails.model.rule import Example, Rule, finding_of

_FILE = "tests/test_rank.py"
_TEST = (
    "def test_top():\n    result = rank(3)\n    assert result.order == [1]\n    assert result.count == 1\n"
)

RULE = Rule(
    id="GR503",
    name="assertions-removed",
    gate="integrity",
    summary="A test that base had asserts less in head, or nothing at all.",
    why="A test without live assertions passes whatever the code does, and still counts as a test.",
    remedy="Put the assertions back, or replace each by one that is at least as strict.",
    effect=Effect.BLOCK,
    bad=(
        Example(base={_FILE: _TEST}, files={_FILE: "def test_top():\n    rank(3)\n    assert True\n"}),
        Example(
            base={_FILE: _TEST}, files={_FILE: _TEST.replace("    result =", "    return\n    result =")}
        ),
        Example(
            base={_FILE: _TEST},
            files={_FILE: _TEST.replace("result.order == [1]", "result.order is not None")},
        ),
    ),
    good=(
        Example(
            base={_FILE: _TEST},
            files={
                _FILE: "def assert_single(result):\n    assert result.order == [1]\n    assert result.count == 1\n\n"
                "def test_top():\n    assert_single(rank(3))\n"
            },
        ),
        Example(
            base={
                _FILE: "class TestTop(TestCase):\n    def test_top(self):\n        self.assertEqual(rank(3), [1])\n"
            },
            files={_FILE: "def test_top():\n    assert rank(3) == [1], 'order'\n"},
        ),
    ),
)


def findings_in(view: View) -> Iterator[Finding]:
    """Yield a finding for each test that was emptied (block) or weakened (review)."""
    for pair, loss in view.losses:
        if pair.base.live and not pair.head.live and not view.asserts_through_calls(pair.head):
            if not pair.is_absorbed:
                yield _emptied(pair)
        else:
            yield from _weakened(pair, loss, delegates=view.asserts_through_calls(pair.head))
            yield from _wrapped(pair)


def _emptied(pair: Pair) -> Finding:
    return finding_of(
        RULE,
        Effect.BLOCK,
        Location(pair.head.path, pair.head.line, pair.head.name),
        f"test {pair.head.name} can no longer fail: none of its assertions is left that could",
        subject=pair.base.id,
        evidence=(_before(pair.base.live, pair.head.assertions),),
    )


def _weakened(pair: Pair, loss: Loss, *, delegates: bool) -> Iterator[Finding]:
    location = Location(pair.head.path, pair.head.line, pair.head.name)
    for old, new in loss.weakened:
        yield finding_of(
            RULE,
            Effect.REVIEW,
            Location(pair.head.path, new.line, pair.head.name),
            f"test {pair.head.name} asserts something weaker than before",
            subject=old.text,
            evidence=(Before(old.text, ("if ...: " if new.guarded else "") + new.text),),
        )
    if loss.gone and not delegates:
        yield finding_of(
            RULE,
            Effect.REVIEW,
            location,
            f"test {pair.head.name} lost {len(loss.gone)} of its {len(pair.base.live)} assertion(s)",
            subject=" ".join(one.text for one in loss.gone),
            evidence=(_before(loss.gone, ()),),
        )


def _wrapped(pair: Pair) -> Iterator[Finding]:
    for name in pair.head.wrappers:
        if name not in pair.base.wrappers:
            yield finding_of(
                RULE,
                Effect.REVIEW,
                Location(pair.head.path, pair.head.line, pair.head.name),
                f"test {pair.head.name} is now wrapped by {name}, which decides whether it runs",
                subject=f"wrapper {name}",
                evidence=(Before("", f"@{name}"),),
            )


def _before(old: tuple[Assertion, ...], new: tuple[Assertion, ...]) -> Before:
    return Before("\n".join(one.text for one in old), "\n".join(one.text for one in new))
