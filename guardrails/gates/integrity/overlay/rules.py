"""The rules of the overlay run. They have no examples in memory: they need code that runs."""

from guardrails.model.finding import Effect
from guardrails.model.rule import Rule


def _rule(
    number: int, name: str, effect: Effect, summary: str, why: str, remedy: str, *, final: bool = False
) -> Rule:
    return Rule(f"GR{number}", name, "integrity", summary, why, remedy, effect, final=final)


BASE_TEST_FAILS = _rule(
    520,
    "base-test-fails",
    Effect.BLOCK,
    "A test that passes on base fails on head's code.",
    "Base's tests are the promises of the code so far; what head's tests say about them does not count.",
    "Make the code pass base's test; where the behaviour is meant to change, tell the reviewer so.",
)
BASE_TEST_UNCOLLECTED = _rule(
    521,
    "base-test-uncollected",
    Effect.BLOCK,
    "A test file of base cannot be imported on head's code.",
    "A name that tests import is used by others as well; without it none of the tests can speak.",
    "Keep the name that the tests import, or rename it in the tests of this change too.",
)
RUN_FORGED = _rule(
    522,
    "test-run-forged",
    Effect.BLOCK,
    "The report of the test run contradicts itself or its canaries.",
    "Code that decides what the test runner reports makes every other result worthless.",
    "Remove whatever reaches into pytest or ends the process.",
    final=True,
)
NOTHING_TO_RUN = _rule(
    523,
    "base-tests-empty",
    Effect.UNDECIDED,
    "Base's tests, as policy names them, show nothing that passes.",
    "An empty test run proves nothing, and must not look like a good one.",
    "Correct `tests` of the service, or name the pytest plugins it needs in `plugins`.",
)
HEAD_TEST_FAILS = _rule(
    524,
    "head-test-fails",
    Effect.BLOCK,
    "A test of head fails on head's code.",
    "A change whose own tests fail is not finished.",
    "Make the test pass.",
)
TEST_UNSTABLE = _rule(
    525,
    "test-unstable",
    Effect.UNDECIDED,
    "A deciding test ends once like this and once like that.",
    "One run of a test that may go either way decides nothing.",
    "Make the test deterministic: seed, order, clock and concurrency.",
)
RUN_IMPOSSIBLE = _rule(
    527,
    "base-tests-not-run",
    Effect.UNDECIDED,
    "Base's tests could not be run on head's code.",
    "What could not be run could not be judged.",
    "Do what the message says.",
)
RULES = (
    BASE_TEST_FAILS,
    BASE_TEST_UNCOLLECTED,
    RUN_FORGED,
    NOTHING_TO_RUN,
    HEAD_TEST_FAILS,
    TEST_UNSTABLE,
    RUN_IMPOSSIBLE,
)
