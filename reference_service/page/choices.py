"""What the form offers, and what a query string chose, held to the same bounds as any client's request."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

from pydantic import ValidationError

from reference_service.api.requests import CardsRequest, UpNextRequest
from reference_service.ranking import nouns

Condition = Literal["full", "no_features", "overload"]
CONDITIONS: Mapping[Condition, str] = {
    "full": "Healthy",
    "no_features": "Feature store down",
    "overload": "Overload",
}
REQUESTS: Mapping[nouns.Surface, type[CardsRequest | UpNextRequest]] = {
    "cards": CardsRequest,
    "up_next": UpNextRequest,
}
MOST = {"cards": 20, "up_next": 500}
LISTENERS = (*(f"listener-{number:04d}" for number in (3, 17, 42, 71, 124, 256, 400)), "new-listener")
PLAYING = ("track-0005", "track-0015", "track-0100", "track-0330", "episode-0007", "episode-0021")
WHOLE = re.compile(r"[0-9]{1,6}\Z")
LONGEST = 2_000

OPTIONS: Mapping[str, Mapping[str, str]] = {
    "surface": {"cards": "Cards", "up_next": "Up next"},
    "market": {**{market: market for market in nouns.MARKETS}, "AQ": "AQ (not served)"},
    "tier": {"premium": "Premium", "free": "Free"},
    "age": {"adult": "Adult", "teen": "Teen", "kids": "Kids"},
    "explicit": {"yes": "Allowed", "no": "Not allowed"},
    "device": {
        device: device.upper() if device == "tv" else device.capitalize() for device in get_args(nouns.Device)
    },
    "shuffle": {"no": "Off", "yes": "On"},
    "condition": {str(name): text for name, text in CONDITIONS.items()},
}


@dataclass(frozen=True, slots=True)
class Side:
    """Whom an answer is for and what it rests on; every field as the form sends it."""

    listener: str = "listener-0003"
    market: str = "GB"
    tier: str = "premium"
    age: str = "adult"
    explicit: str = "yes"
    device: str = "phone"
    hour: str = "9"
    playing: str = "track-0005"
    shuffle: str = "no"
    position: str = "1"
    dismissed: str = ""
    shown: str = ""
    pin: str = ""
    slot: str = "1"
    condition: str = "full"
    model: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """What both answers of a comparison are asked: the surface, and which candidates are there."""

    surface: str = "cards"
    count: str = "20"
    sample: str = "1"
    limit: str = "10"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One valid question, as a client would send it, and under what it is answered."""

    surface: nouns.Surface
    request: CardsRequest | UpNextRequest
    condition: Condition
    model: str


class Refused(ValueError):
    """The query is not a valid question; `faults` says by field why."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


def side_in(query: Mapping[str, str], prefix: str = "") -> Side:
    """Return what the query says of one side, defaults where it says nothing."""
    return Side(**_stated(query, prefix, [field.name for field in fields(Side)]))


def shared_in(query: Mapping[str, str]) -> Shared:
    """Return what the query says of both sides, defaults where it says nothing."""
    return Shared(**_stated(query, "", [field.name for field in fields(Shared)]))


def chosen(
    side: Side, shared: Shared, ids: Sequence[str], models: Iterable[str], pinned: Iterable[str]
) -> Chosen:
    """Return the question, or raise Refused with every fault.

    `ids` are those of the catalogue; those of `pinned` are candidates whatever is drawn.
    """
    faults = _faults(side, shared, models)
    if faults:
        raise Refused(faults)
    surface: nouns.Surface = "up_next" if shared.surface == "up_next" else "cards"
    drawn = sample(ids, surface, int(shared.count), shared.sample)
    candidates = [*dict.fromkeys((*filter(None, pinned), *drawn))][: max(len(drawn), 1)]
    body = {
        "context": _context(side),
        "candidates": [{"id": name} for name in candidates],
        "limit": int(shared.limit),
    }
    try:
        request = REQUESTS[surface].model_validate(body)
    except ValidationError as error:
        names = [_field(fault["loc"]) for fault in error.errors()]
        raise Refused({name: REMEDIES.get(name, LETTERS) for name in names}) from None
    return Chosen(surface, request, next(name for name in CONDITIONS if name == side.condition), side.model)


def sample(ids: Sequence[str], surface: nouns.Surface, count: int, draw: str) -> list[str]:
    """Return so many ids of this surface, drawn by this number; a larger count keeps what a smaller one has."""
    fitting = [name for name in ids if name.startswith("card-") == (surface == "cards")]
    fitting.sort(key=lambda name: hashlib.sha256(f"{draw} {name}".encode()).digest())
    return fitting[: min(count, MOST[surface])]


def _stated(query: Mapping[str, str], prefix: str, names: Iterable[str]) -> dict[str, str]:
    given = ((name, query.get(f"{prefix}{name}")) for name in names)
    return {name: text.strip()[:LONGEST] for name, text in given if text is not None}


def _faults(side: Side, shared: Shared, models: Iterable[str]) -> dict[str, str]:
    stated = {field.name: getattr(side, field.name) for field in fields(Side)} | {"surface": shared.surface}
    faults = {name: "choose one of the list" for name, texts in OPTIONS.items() if stated[name] not in texts}
    if side.model and side.model not in models:
        faults["model"] = "choose one of the list"
    numbers = {"hour": side.hour, "position": side.position, "count": shared.count, "limit": shared.limit}
    if side.pin:
        numbers["slot"] = side.slot
    faults.update((name, "give a whole number") for name, text in numbers.items() if not WHOLE.match(text))
    return faults


def _context(side: Side) -> dict[str, object]:
    return {
        "listener_id": side.listener,
        "market": side.market,
        "product_tier": side.tier,
        "explicit_allowed": side.explicit == "yes",
        "age_band": side.age,
        "hour_local": int(side.hour),
        "device": side.device,
        "now_playing": side.playing or None,
        "shuffle": side.shuffle == "yes",
        "session_position": int(side.position),
        "dismissals": _words(side.dismissed),
        "recently_shown": _words(side.shown),
        "pins": [{"slot": int(side.slot), "id": side.pin}] if side.pin else [],
    }


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


FIELDS = {
    "listener_id": "listener",
    "hour_local": "hour",
    "now_playing": "playing",
    "session_position": "position",
    "dismissals": "dismissed",
    "recently_shown": "shown",
    "candidates": "count",
}


LETTERS = "give letters, digits and : . _ - only, 64 at most"
REMEDIES = {
    "hour": "give a whole number from 0 to 23",
    "position": "give a whole number from 1 to 10,000",
    "count": "give a whole number from 1 to 500",
    "limit": "give a whole number from 1 to 20 for cards, to 100 for up next",
    "slot": "give a whole number from 1 to 100",
    "dismissed": "give at most 200 ids with spaces or commas between them",
    "shown": "give at most 100 ids with spaces or commas between them",
}


def _field(location: Sequence[str | int]) -> str:
    """Return which field of the form a fault of the request is about."""
    if location[:2] == ("context", "pins"):
        return "slot" if "slot" in location else "pin"
    name = str(location[1] if location[0] == "context" else location[0])
    return FIELDS.get(name, name)
