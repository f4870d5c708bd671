"""What clients are answered. Bounded like requests, so that a client can size what it keeps."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from reference_service.api.requests import MOST_ITEMS, MOST_TRACKS, Id
from reference_service.features.items import Kind
from reference_service.ranking.nouns import MovedBy, Reason

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", min_length=64, max_length=64)]
RequestId = Annotated[
    str,
    Field(
        pattern="^[A-Za-z0-9._-]{1,64}$",
        max_length=64,
        description="The X-Request-ID that was sent, if it reads like this; else one of ours.",
    ),
]
Millionths = Annotated[int, Field(ge=-(2**53) + 1, le=2**53 - 1, description="Millionths of a point.")]
Word = Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$", max_length=40)]
LONGEST_FAULT = 400
DegradedReason = Literal[
    "features_unavailable", "features_stale", "overloaded", "deadline", "model_unavailable"
]


def _open(known: object) -> str:
    """Describe an open set of words: clients must accept words that later versions add."""
    return f"Now: {', '.join(get_args(known))}. Accept others as well."


class Message(BaseModel):
    """What all answers share: fields may be added, and none that is named here is ever left out."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class RankedItem(Message):
    """One item, with what its score is made of."""

    id: Id
    kind: Kind
    score: Millionths
    parts: Annotated[
        dict[Word, Millionths],
        Field(max_length=32, description="What each feature added; they sum to the score exactly."),
    ]
    by_score: Annotated[
        int, Field(ge=1, le=MOST_TRACKS, description="The place that the score alone would give.")
    ]
    moved_by: (
        Annotated[Word, Field(description=f"What pinned it or let a lesser one pass. {_open(MovedBy)}")]
        | None
    )


class FilteredItem(Message):
    """One candidate that was withheld, and the first rule that forbids it."""

    id: Id
    reason: Annotated[Word, Field(description=_open(Reason))]


class Digests(Message):
    """What the answer rests on: equal digests, request and clock mean an equal answer."""

    policy: Sha256
    model: Sha256
    features: Sha256


class RankingAnswer(Message):
    """The items to show, best first, and why each stands where it stands.

    Items stand by score, then id, except where a pin, artist spacing or the diversity of kinds moves one.
    """

    request_id: RequestId
    digests: Digests
    variants: Annotated[
        dict[Word, Word],
        Field(max_length=16, description="By experiment the variant of this answer; empty while none runs."),
    ]
    degraded: Annotated[bool, Field(description="Whether this is less than full quality.")]
    degraded_reason: Annotated[Word, Field(description=_open(DegradedReason))] | None
    items: Annotated[list[RankedItem], Field(max_length=MOST_ITEMS)]
    filtered: Annotated[list[FilteredItem], Field(max_length=MOST_TRACKS, description="In order of id.")]


class Health(Message):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(Message):
    """The process is warm and may be sent requests."""

    status: Literal["ready"] = "ready"
    model: Annotated[Sha256, Field(description="The model that scores what is asked now.")]
    faults: Annotated[
        list[Annotated[str, Field(max_length=LONGEST_FAULT)]],
        Field(
            max_length=2,
            description="Why the model that is configured does not score: a bundle that is refused, a model"
            " server that is not trusted. Requests are answered all the same.",
        ),
    ]
