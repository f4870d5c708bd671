"""The rules of the contract gate: its own, and one for each fault that a document can have."""

from guardrails.analysis.openapi.lint.linting import RULES as LINT_RULES
from guardrails.analysis.openapi.lint.subject import LintRule
from guardrails.model.finding import Effect
from guardrails.model.rule import Example, Rule

BREAKING = Rule(
    id="GR201",
    name="contract-break",
    gate="contract",
    summary="Head refuses a message that base accepts, or answers what base never promised",
    why=(
        "Clients were written against base's document. A request that worked and now does not, or an answer they"
        " cannot read, fails in their hands and not in ours."
    ),
    remedy="Keep what base accepts and promises: add beside it instead of changing it, or deprecate it first.",
    effect=Effect.BLOCK,
)
UNKNOWN = Rule(
    id="GR202",
    name="contract-change-unproved",
    gate="contract",
    summary="The contract changed, and neither a proof nor a witness tells whether that breaks a client",
    why="What is neither proved safe nor shown to break needs a person who knows the clients.",
    remedy="Say the same with simpler schemas, or have a named approver confirm that no client relies on it.",
    effect=Effect.REVIEW,
)
DRIFT = Rule(
    id="GR203",
    name="document-drift",
    gate="contract",
    summary="The committed OpenAPI document is not what head's code serves",
    why="Clients are built from the committed document. If it says something else than the code, they are built wrong.",
    remedy="Write the document anew from the code and commit it with the change.",
    effect=Effect.REVIEW,
)
INVALID = Rule(
    id="GR204",
    name="document-unreadable",
    gate="contract",
    summary="A service's OpenAPI document cannot be read",
    why="A contract that cannot be read can be neither compared nor kept.",
    remedy="Make the service derive a valid OpenAPI 3 document, and commit that.",
    effect=Effect.UNDECIDED,
)
SERVER_ERROR = Rule(
    id="GR210",
    name="server-error",
    gate="contract",
    summary="Head answers a request with a server error, or not at all",
    why="No request of a client may crash the service, whether the document allows it or not.",
    remedy="Handle the input that the witness shows: refuse it with a documented 4xx status, or serve it.",
    effect=Effect.BLOCK,
)
NONCONFORMING = Rule(
    id="GR211",
    name="answer-breaks-document",
    gate="contract",
    summary="Head answers with a status, content type or body that its own document does not allow",
    why="Generated clients trust the document; an answer outside of it fails while it is being parsed.",
    remedy="Answer what the document says, or document what is answered.",
    effect=Effect.BLOCK,
)
LENIENT = Rule(
    id="GR212",
    name="forbidden-input-accepted",
    gate="contract",
    summary="Head accepts a request that its own document forbids",
    why="What is accepted today is relied upon tomorrow, and cannot be refused any more.",
    remedy="Refuse what the document forbids, or document that it is accepted.",
    effect=Effect.NOTE,
)
UNDOCUMENTED = Rule(
    id="GR213",
    name="error-status-undocumented",
    gate="contract",
    summary="Head answers with an error status that its document does not list",
    why="A client that does not know of an error cannot handle it.",
    remedy="List the status under the operation's `responses`.",
    effect=Effect.NOTE,
)

UNAUTHORISED = Rule(
    id="GR214",
    name="credentials-ignored",
    gate="contract",
    summary="Head serves a request without the credentials that its own document asks for",
    why="Whoever reads the document believes that the operation is protected, and it is open to everybody.",
    remedy="Check the credentials before anything is served, or document that none are needed.",
    effect=Effect.BLOCK,
)
USE_AFTER_DELETE = Rule(
    id="GR215",
    name="deleted-still-served",
    gate="contract",
    summary="Head serves a resource after it said that it was deleted",
    why="A client, or a law, relies on deleted data being gone.",
    remedy="Remove the resource from every place that the operation reads, and answer 404.",
    effect=Effect.BLOCK,
)
LOST = Rule(
    id="GR216",
    name="created-not-found",
    gate="contract",
    summary="Head does not find a resource by the id with which it said that it was created",
    why="An id that leads nowhere makes every next step of the client fail.",
    remedy="Store the resource under the id that the answer names before it is answered.",
    effect=Effect.BLOCK,
)
CHECK_BROKEN = Rule(
    id="GR217",
    name="answer-check-broken",
    gate="contract",
    summary="Head gives an answer that a check of base's `invariants.py` refuses",
    why="What base's checks say holds for every answer, whatever the request.",
    remedy="Answer so that the check holds, or have the check changed first, in a change of its own.",
    effect=Effect.BLOCK,
)
UNUSABLE = Rule(
    id="GR218",
    name="stored-requests-unusable",
    gate="contract",
    summary="A file of stored requests in base cannot be read, so what it guards is not asked",
    why="A failure was kept so that it never comes back; a file that cannot be read keeps nothing.",
    remedy="Mend the file in a change of its own, or write it again with `guardrails contract keep`.",
    effect=Effect.REVIEW,
)
DIFFERS = Rule(
    id="GR220",
    name="answer-differs",
    gate="contract",
    summary="Head answers a request otherwise than base, in a way that the document does not tell",
    why=(
        "Clients rely on what they see: on the order of a list, the text of an error, a limit, a header. None of it"
        " stands in the document, so only asking both sides the same shows that it changed."
    ),
    remedy="Keep the answer as it was, or have a named approver confirm that the difference is meant.",
    effect=Effect.REVIEW,
)
UNPLAYABLE = Rule(
    id="GR221",
    name="replay-impossible",
    gate="contract",
    summary="Base or head cannot be asked the same requests, so nobody knows whether their answers differ",
    why="A service that does not load, or stops answering, cannot be compared with the one before it.",
    remedy="Mend what the message names; `replays: 0` in policies/contract.yaml does without replays.",
    effect=Effect.UNDECIDED,
)
PACT_BROKEN = Rule(
    id="GR222",
    name="consumer-broken",
    gate="contract",
    summary="Head answers an example of a consumer's pact otherwise than the consumer counts on, and base does not",
    why="The consumer wrote down what it needs; what base gave it and head does not, breaks it.",
    remedy="Answer the example as before, or agree with the consumer and change its pact first.",
    effect=Effect.BLOCK,
)
CONSUMER_UNUSABLE = Rule(
    id="GR223",
    name="consumer-unreadable",
    gate="contract",
    summary="A consumer file in base cannot be read, so nobody knows what that consumer relies on",
    why="A consumer that is not heard must not be taken for one that does not care.",
    remedy="Mend the file in a change of its own; until then no break is lowered for want of readers.",
    effect=Effect.REVIEW,
)

OWN = (
    BREAKING,
    UNKNOWN,
    DRIFT,
    INVALID,
    SERVER_ERROR,
    NONCONFORMING,
    LENIENT,
    UNDOCUMENTED,
    UNAUTHORISED,
    USE_AFTER_DELETE,
    LOST,
    CHECK_BROKEN,
    UNUSABLE,
    DIFFERS,
    UNPLAYABLE,
    PACT_BROKEN,
    CONSUMER_UNUSABLE,
)


def of_document(rule: LintRule) -> Rule:
    """Return the gate's rule for a fault of the document itself; it only notes."""
    return Rule(
        id=rule.id,
        name=rule.name,
        gate="contract",
        summary=rule.summary,
        why=rule.why,
        remedy=rule.remedy,
        effect=Effect.NOTE,
        bad=(Example({"openapi.yaml": rule.bad}),),
        good=(Example({"openapi.yaml": rule.good}),),
    )


RULES = (*OWN, *map(of_document, LINT_RULES))
