"""The rules of the harness itself: what a verdict says when a gate could not say anything."""

from guardrails.model.finding import Effect
from guardrails.model.rule import Rule

COULD_NOT_JUDGE = Rule(
    id="GR001",
    name="gate-could-not-judge",
    gate="harness",
    summary="A gate could not judge the change",
    why=(
        "A tool was missing, a bound was reached, the service did not start, or the gate broke. A harness "
        "that lets such a change through can be beaten by breaking it, so the change does not merge."
    ),
    remedy="Mend what the message names, then judge again; nothing of the change was accepted.",
    effect=Effect.UNDECIDED,
)
NO_OUTCOME = Rule(
    id="GR002",
    name="required-gate-without-outcome",
    gate="harness",
    summary="A required gate gave no outcome",
    why="Base's policy requires the gate at this stage; silence is not consent.",
    remedy="Judge again; if it stays silent, run `guardrails doctor`.",
    effect=Effect.UNDECIDED,
)
NOTHING_PLANNED = Rule(
    id="GR003",
    name="no-gate-planned",
    gate="harness",
    summary="Base's policy plans no gate for this stage",
    why="A change that nothing judged must not look like one that was judged and passed.",
    remedy="Name at least one gate for the stage under `stages:` in policies/guardrails.yaml.",
    effect=Effect.UNDECIDED,
)
NO_CHANGE = Rule(
    id="GR004",
    name="change-could-not-be-read",
    gate="harness",
    summary="The change itself could not be made out",
    why="Base and head could not be merged, read or found, so there is nothing that could be judged.",
    remedy="Mend what the message names, then judge again.",
    effect=Effect.UNDECIDED,
)

LOST_SERVICE = Rule(
    id="GR005",
    name="service-without-files",
    gate="harness",
    summary="A service of policy owns no file of base or head",
    why=(
        "Which gates run is decided by the paths that belong to a service. Where none of them exists, no change "
        "ever concerns the service, and it is passed over without a word."
    ),
    remedy="Correct `app`, `root` or `paths` of the service in policies/guardrails.yaml.",
    effect=Effect.REVIEW,
)

NOT_ACCEPTED = Rule(
    id="GR006",
    name="approval-not-accepted",
    gate="harness",
    summary="An approval was handed in and settles nothing",
    why=(
        "An approval is consent to one finding of one change of one repository, by an approver whom base knows. "
        "Any push, another day, another key or another finding voids it. Whoever gave it has to hear of that, "
        "and why; the finding counts as before."
    ),
    remedy="Have an approver look at the finding as it is now and run `guardrails approve`, or delete the file.",
    effect=Effect.NOTE,
)
NOT_HEARD = Rule(
    id="GR007",
    name="dispute-not-heard",
    gate="harness",
    summary="A dispute of the change turns no block into a review",
    why=(
        "An author may say that a rule is wrong where base's policy allows disputes, for a finding that blocks and "
        "whose rule is not final. Any other dispute changes nothing."
    ),
    remedy="Repair what was found, or have an approver consent to it.",
    effect=Effect.NOTE,
)

HARNESS_RULES = (
    COULD_NOT_JUDGE,
    NO_OUTCOME,
    NOTHING_PLANNED,
    NO_CHANGE,
    LOST_SERVICE,
    NOT_ACCEPTED,
    NOT_HEARD,
)
