"""The rules of the golden gate."""

from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

SET_MOVED = Rule(
    id="GR401",
    name="ranked-set-changed",
    gate="golden",
    summary="Head ranks another set of items than base in a stored scenario",
    why="Which items a listener sees is a product decision. Only a person can say that it was meant.",
    remedy="Confirm that these listeners should see other items, and have a named approver consent.",
    effect=Effect.REVIEW,
)
ORDER_MOVED = Rule(
    id="GR402",
    name="ranked-order-changed",
    gate="golden",
    summary="Head ranks the same items in another order than base in a stored scenario",
    why="A refactor moves nothing. An order that moves is a decision about what listeners see first.",
    remedy="If the change claims to alter the ranking, have a named approver consent; otherwise undo the movement.",
    effect=Effect.REVIEW,
)
CONSTRAINT_BROKEN = Rule(
    id="GR403",
    name="hard-constraint-broken",
    gate="golden",
    summary="Head breaks a hard constraint that base keeps",
    why=(
        "Explicit content for a child, a track without a licence, a dismissed card: no gain in any measure buys "
        "one of these, and removing such a filter often raises the offline measures."
    ),
    remedy="Restore the filter that keeps the constraint in every path; to change the constraint, change it alone.",
    effect=Effect.BLOCK,
    final=True,
)
SCENARIO_FAILED = Rule(
    id="GR404",
    name="scenario-not-answered",
    gate="golden",
    summary="Head does not answer a stored scenario that base answers",
    why="A request that worked and now fails is a break, whatever the document says.",
    remedy="Make head answer the scenario's request as base does.",
    effect=Effect.BLOCK,
)
UNSTABLE = Rule(
    id="GR405",
    name="unstable-ranking",
    gate="golden",
    summary="Head answers the same scenario in two different orders",
    why="An answer that differs between two launches can be neither compared nor approved.",
    remedy="Make the order a function of the request: no clock, no randomness, ties broken by id.",
    effect=Effect.BLOCK,
    final=True,
)
UNUSABLE = Rule(
    id="GR406",
    name="unusable-scenario",
    gate="golden",
    summary="A stored scenario of base cannot be used",
    why="A scenario that cannot be read or that base itself does not answer protects nobody.",
    remedy=(
        "Mend the scenario file in a change of its own; a service that ranks nothing leaves `golden` out of `stages`"
        " in policies/guardrails.yaml."
    ),
    effect=Effect.UNDECIDED,
)
NO_SCENARIOS = Rule(
    id="GR407",
    name="service-without-scenarios",
    gate="golden",
    summary="A service has no stored scenario to compare",
    why="Comparing nothing must not look like comparing well.",
    remedy=(
        "Store a request as golden/NAME.yaml in the service's contract folder, as guide/gates.md shows; a service that"
        " ranks nothing leaves `golden` out of `stages` in policies/guardrails.yaml."
    ),
    effect=Effect.UNDECIDED,
)

RULES = (SET_MOVED, ORDER_MOVED, CONSTRAINT_BROKEN, SCENARIO_FAILED, UNSTABLE, UNUSABLE, NO_SCENARIOS)
