"""The items of the seeded catalogue: tracks, podcast episodes and the cards under the player.

Small on purpose and awkward on purpose: expired licences, one-market releases, premium-only items, two
releases of one recording, and tracks that nothing but their id tells apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from reference_service.features.draws import draw, vector
from reference_service.ranking.nouns import MARKETS

CardKind = Literal[
    "about_artist",
    "canvas",
    "concert",
    "credits",
    "lyrics",
    "merch",
    "podcast_chapters",
    "related_video",
    "social",
    "transcript",
    "up_next",
]
Kind = Literal[CardKind, "episode", "track"]
KINDS: tuple[Kind, ...] = get_args(Kind)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
TRACKS, TWINS, EPISODES, CARDS_OF_A_KIND = 640, 40, 40, 8
ARTISTS, SHOWS = 90, 10
TWIN_GROUP = 4

# Shares of the catalogue, in 256ths.
RERELEASED, EXPLICIT, KIDS_SAFE, PREMIUM_ONLY = 16, 52, 128, 26
ONE_MARKET, MISSES_A_MARKET = 16, 80
EXPIRED, EXPIRING = 16, 32
NOT_WHILE_DRIVING = frozenset({"canvas", "lyrics", "merch", "related_video", "social", "transcript"})


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the catalogue: facts that constrain, and qualities that features are made of."""

    id: str
    kind: Kind
    artist: str
    recording: str
    explicit: bool
    kids_safe: bool
    car_safe: bool
    premium_only: bool
    markets: tuple[str, ...]
    licence_until: datetime
    released: datetime
    popularity: float
    peak_hour: int
    taste: tuple[float, ...]


def items(seed: int) -> list[Item]:
    """Return the catalogue of this seed, in ascending order of id."""
    return sorted((*_tracks(seed), *_episodes(seed), *_cards(seed)), key=lambda item: item.id)


def _tracks(seed: int) -> Iterator[Item]:
    for number in range(1, TRACKS + 1):
        name = f"track-{number:04d}"
        drawn = draw(seed, "track", name)
        artist = f"artist-{drawn[0] * drawn[1] * ARTISTS // 2**16 + 1:02d}"
        # One in 16 is a second release of the recording before it.
        first = number - 1 if number > 1 and drawn[2] < RERELEASED else number
        # Four twins share every quality: only their ids can order them.
        quality = draw(seed, "twins", str(number // TWIN_GROUP)) if number > TRACKS - TWINS else drawn
        yield _item(name, "track", artist, f"recording-{first:04d}", drawn, quality)


def _episodes(seed: int) -> Iterator[Item]:
    for number in range(1, EPISODES + 1):
        name = f"episode-{number:04d}"
        drawn = draw(seed, "episode", name)
        yield _item(name, "episode", f"show-{drawn[0] % SHOWS + 1:02d}", name, drawn, drawn)


def _cards(seed: int) -> Iterator[Item]:
    for kind in get_args(CardKind):
        for number in range(1, CARDS_OF_A_KIND + 1):
            name = f"card-{kind.replace('_', '-')}-{number:02d}"
            drawn = draw(seed, "card", name)
            yield _item(name, kind, f"artist-{drawn[0] % ARTISTS + 1:02d}", name, drawn, drawn)


def _item(name: str, kind: Kind, artist: str, recording: str, drawn: bytes, quality: bytes) -> Item:
    explicit = drawn[3] < EXPLICIT
    return Item(
        id=name,
        kind=kind,
        artist=artist,
        recording=recording,
        explicit=explicit,
        kids_safe=not explicit and drawn[4] < KIDS_SAFE,
        car_safe=kind not in NOT_WHILE_DRIVING,
        premium_only=drawn[5] < PREMIUM_ONLY,
        markets=_markets(drawn),
        licence_until=_licence_until(drawn[8]),
        released=EPOCH - timedelta(days=quality[9] * quality[10] // 16),
        popularity=quality[11] / 255,
        peak_hour=quality[12] % 24,
        taste=tuple(vector(quality)),
    )


def _markets(drawn: bytes) -> tuple[str, ...]:
    """Return every market for most, all but one for some, a single one for a few."""
    chosen = MARKETS[drawn[7] % len(MARKETS)]
    if drawn[6] < ONE_MARKET:
        return (chosen,)
    if drawn[6] < MISSES_A_MARKET:
        return tuple(market for market in MARKETS if market != chosen)
    return MARKETS


def _licence_until(byte: int) -> datetime:
    """Return an end that is past for one in 16, during 2026 for one in 16, and far for the others."""
    if byte < EXPIRED:
        return EPOCH - timedelta(days=byte)
    if byte < EXPIRING:
        return EPOCH + timedelta(days=20 * (byte - EXPIRED + 1))
    return EPOCH + timedelta(days=3650 + byte)
