"""What clients may send. Every string and list is bounded, every field is strict, nothing extra passes."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from reference_service.ranking import nouns

MOST_CARDS, MOST_TRACKS, MOST_ITEMS = 20, 500, 100

PINS = (
    "Of two pins for one slot the lesser id stands. Slots past the last candidate that may be shown are void; one past"
    " `limit` keeps its item off the list."
)
Id = Annotated[str, Field(pattern="^[A-Za-z0-9:._-]+$", min_length=1, max_length=64)]


def _whole(value: object) -> object:
    """Return 17 for 17.0, which JSON Schema calls an integer too; anything else as it came."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)


class Message(BaseModel):
    """What all requests share: unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Candidate(Message):
    """Something that may be shown."""

    id: Annotated[Id, Field(description="One that the catalogue does not hold is filtered as `unknown`.")]
    source: Annotated[nouns.Source, Field(description="Which retrieval source proposed it.")] = "editorial"


class Pin(Message):
    """A slot that is taken, by a campaign, an editor or the listener."""

    slot: Annotated[int, Field(ge=1, le=MOST_ITEMS, description="1 for the first."), WHOLE]
    id: Annotated[
        Id, Field(description="A candidate. One that may not be shown leaves its slot to the others.")
    ]


class Context(Message):
    """Who listens, where, on what and to what."""

    listener_id: Annotated[Id, Field(description="One that is not known is ranked as a new listener.")]
    market: Annotated[str, Field(pattern="^[A-Z]{2}$", max_length=2, description="ISO 3166-1 alpha-2.")]
    product_tier: nouns.Tier
    explicit_allowed: Annotated[bool, Field(description="Whether the listener allows explicit content.")]
    age_band: nouns.AgeBand
    hour_local: Annotated[int, Field(ge=0, le=23, description="Hour of the listener's day."), WHOLE]
    device: nouns.Device
    now_playing: Annotated[Id | None, Field(description="The track or episode that plays.")] = None
    shuffle: bool = False
    session_position: Annotated[int, Field(ge=1, le=10_000, description="1 for the first item."), WHOLE] = 1
    recent_skips: Annotated[list[Id], Field(max_length=20, description="Items skipped lately.")] = []
    recently_played: Annotated[list[Id], Field(max_length=50, description="Not offered again.")] = []
    dismissals: Annotated[
        list[Id], Field(max_length=200, description="Items and artists that the listener sent away.")
    ] = []
    recently_shown: Annotated[
        list[Id], Field(max_length=100, description="One entry a showing; kinds that wear off are capped.")
    ] = []
    pins: Annotated[list[Pin], Field(max_length=5, description=PINS)] = []

    def noun(self) -> nouns.Context:
        """Return what ranking knows of it."""
        return nouns.Context(
            listener_id=self.listener_id,
            market=self.market,
            product_tier=self.product_tier,
            explicit_allowed=self.explicit_allowed,
            age_band=self.age_band,
            hour_local=self.hour_local,
            device=self.device,
            now_playing=self.now_playing,
            shuffle=self.shuffle,
            session_position=self.session_position,
            recent_skips=tuple(self.recent_skips),
            recently_played=frozenset(self.recently_played),
            dismissals=frozenset(self.dismissals),
            recently_shown=tuple(self.recently_shown),
            pins=tuple((pin.slot, pin.id) for pin in self.pins),
        )


class CardsRequest(Message):
    """Which of these cards stand under the player, in which order."""

    context: Context
    candidates: Annotated[list[Candidate], Field(min_length=1, max_length=MOST_CARDS)]
    limit: Annotated[int, Field(ge=1, le=MOST_CARDS, description="The most to answer."), WHOLE] = MOST_CARDS


class UpNextRequest(Message):
    """Which of these tracks and episodes play next, in which order."""

    context: Context
    candidates: Annotated[list[Candidate], Field(min_length=1, max_length=MOST_TRACKS)]
    limit: Annotated[int, Field(ge=1, le=MOST_ITEMS, description="The most to answer."), WHOLE] = 30
