"""The rules of the latency gate."""

from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

SLOWER = Rule(
    id="GR301",
    name="more-cpu-per-request",
    gate="latency",
    summary="Head spends clearly more CPU time on a request than base",
    why=(
        "CPU time per request decides how many machines the service needs and how long its queue grows under "
        "load. It is compared in pairs, in one run, so a noisy machine does not decide."
    ),
    remedy="Find what grew with `python -X importtime` or a profiler on the operation, or have an approver accept it.",
    effect=Effect.REVIEW,
)
UNCLEAR = Rule(
    id="GR302",
    name="inconclusive-measurement",
    gate="latency",
    summary="The measurement could not tell whether head is slower",
    why="An interval that spans the tolerated growth neither clears the change nor convicts it.",
    remedy="Judge again on a quieter machine, or raise most_launches in policies/budgets.yaml.",
    effect=Effect.UNDECIDED,
)
NO_REQUESTS = Rule(
    id="GR303",
    name="service-without-requests",
    gate="latency",
    summary="A service has no stored request to measure",
    why="Measuring nothing must not look like measuring well.",
    remedy=(
        "Store a request as golden/NAME.yaml in the service's contract folder, as guide/gates.md shows, or leave"
        " `latency` out of `stages` in policies/guardrails.yaml."
    ),
    effect=Effect.UNDECIDED,
)

RULES = (SLOWER, UNCLEAR, NO_REQUESTS)
