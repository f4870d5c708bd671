"""An answer as the page tells it: what each item is, what its score is made of, and what moved it.

It reads the answer that a client gets and nothing behind it: what the page can say, any client can.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from reference_service.api.responses import RankedItem, RankingAnswer
from reference_service.page.names import artist_name, hue, kind_name, title_of

POINT = 1_000_000
MOST_PARTS = 7
WIDTH = 1_000

Move = Literal["up", "down", "same", "new", "gone"]

REASONS: Mapping[str, str] = {
    "unknown": "not in the catalogue",
    "wrong_surface": "belongs on the other surface",
    "now_playing": "is what plays now",
    "already_played": "was played a moment ago",
    "dismissed": "dismissed by the listener",
    "explicit": "explicit, which is not allowed here",
    "kids": "not safe for kids",
    "market": "not available in this market",
    "licence": "its licence has ended",
    "tier": "for premium listeners only",
    "car": "not while driving",
    "capped": "this kind was shown often enough lately",
    "duplicate": "another release of it is offered",
}
DEGRADED: Mapping[str, str] = {
    "features_unavailable": "The listener's features could not be read: ranked as for a new listener.",
    "features_stale": "The listener's features could not be read: ranked with the last ones known.",
    "overloaded": "The service was full: answered with what is popular.",
    "model_unavailable": "The model that should score could not: another did, or what is popular was answered.",
    "deadline": "There was no time left to rank: answered with what is popular.",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a score, drawn from the sum of the parts before it; x and width in thousandths."""

    name: str
    value: str
    x: float
    width: float
    sign: Literal["plus", "minus", "base"]


@dataclass(frozen=True, slots=True)
class Shown:
    """One item of an answer."""

    place: int
    id: str
    kind: str
    kind_name: str
    title: str
    by: str
    hue: int
    score: str
    bars: tuple[Bar, ...]
    rules: tuple[float, float]
    why: str
    moved: Literal["pin", "held", "up", "down", "none"]


@dataclass(frozen=True, slots=True)
class Withheld:
    """One candidate that was not shown, and why."""

    id: str
    title: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One item in the second of two answers, against where the first has it."""

    item: Shown
    move: Move
    text: str
    why: str


def shown_in(answer: RankingAnswer, artists: Mapping[str, str]) -> tuple[Shown, ...]:
    """Return the items of an answer on one scale, given the artist of each item."""
    runs = [list(_running(item)) for item in answer.items]
    low = min((0, *(value for run in runs for value in run)))
    high = max((1, *(value for run in runs for value in run)))

    def scaled(value: int) -> float:
        return round((value - low) * WIDTH / (high - low), 1)

    return tuple(
        _shown(
            place,
            item,
            artists.get(item.id, ""),
            [*map(scaled, _running(item))],
            (scaled(0), scaled(item.score)),
        )
        for place, item in enumerate(answer.items, 1)
    )


def withheld_in(answer: RankingAnswer, artists: Mapping[str, str]) -> tuple[Withheld, ...]:
    """Return what an answer withheld, with a sentence for each reason."""
    return tuple(
        Withheld(
            entry.id,
            _title(entry.id, artists.get(entry.id, "")),
            entry.reason,
            REASONS.get(entry.reason, entry.reason),
        )
        for entry in answer.filtered
    )


def steps(before: RankingAnswer, after: RankingAnswer, shown: Sequence[Shown]) -> list[Step]:
    """Return the items of `after`, which `shown` shows, each with its move since `before`."""
    places = {item.id: place for place, item in enumerate(before.items, 1)}
    old = {item.id: item for item in before.items}
    return [
        _step(item, places.get(item.id), _difference(old.get(item.id), now))
        for item, now in zip(shown, after.items, strict=True)
    ]


def gone(shown: Sequence[Shown], after: RankingAnswer) -> list[Step]:
    """Return those of the items shown before that `after` has no more, and why."""
    left = {item.id for item in after.items}
    reasons = {entry.id: entry.reason for entry in after.filtered}
    return [
        Step(item, "gone", "gone", REASONS.get(reasons.get(item.id, ""), "ranked below the end of the list"))
        for item in shown
        if item.id not in left
    ]


def points(value: int, *, signed: bool = False) -> str:
    """Return millionths of a point as points, with a true minus sign."""
    return f"{value / POINT:{'+' if signed else ''}.3f}".replace("-", "\u2212")


def ordinal(place: int) -> str:
    """Return 1st for 1, and so on."""
    teen = place % 100 in (11, 12, 13)
    return f"{place}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th')}"


def _parts(item: RankedItem) -> list[tuple[str, int]]:
    """Return the parts to draw: the base, then the largest, then the sum of the others."""
    ranked = sorted(item.parts.items(), key=lambda part: (part[0] != "base", -abs(part[1]), part[0]))
    if len(ranked) <= MOST_PARTS + 1:
        return ranked
    rest = ranked[MOST_PARTS:]
    return [*ranked[:MOST_PARTS], (f"{len(rest)} smaller", sum(value for _, value in rest))]


def _running(item: RankedItem) -> Iterable[int]:
    total = 0
    yield total
    for _, value in _parts(item):
        total += value
        yield total


def _shown(
    place: int, item: RankedItem, artist: str, edges: Sequence[float], rules: tuple[float, float]
) -> Shown:
    moved, why = _why(place, item)
    return Shown(
        place=place,
        id=item.id,
        kind=item.kind,
        kind_name=kind_name(item.kind),
        title=_title(item.id, artist),
        by=artist_name(artist) if artist else "",
        hue=hue(artist or item.id),
        score=points(item.score),
        bars=tuple(
            _bar(name, value, left, right)
            for (name, value), (left, right) in zip(_parts(item), pairwise(edges), strict=True)
        ),
        rules=rules,
        why=why,
        moved=moved,
    )


def _bar(name: str, value: int, left: float, right: float) -> Bar:
    sign: Literal["plus", "minus", "base"] = "base" if name == "base" else "plus" if value >= 0 else "minus"
    text = points(value, signed=name != "base")
    return Bar(name.replace("_", " "), text, min(left, right), round(abs(right - left), 1), sign)


def _title(item: str, artist: str) -> str:
    return artist_name(artist) if item.startswith("card-") and artist else title_of(item)


def _why(place: int, item: RankedItem) -> tuple[Literal["pin", "held", "up", "down", "none"], str]:
    alone = ordinal(item.by_score)
    if item.moved_by == "pin":
        return "pin", f"Pinned here. By score alone: {alone}."
    if item.moved_by is not None:
        rule = {"spacing": "artist spacing", "diversity": "diversity of kinds"}.get(
            item.moved_by, item.moved_by
        )
        return "held", f"Held back by {rule}. By score alone: {alone}."
    if place < item.by_score:
        return "up", f"Up from {alone}: others were held back."
    if place > item.by_score:
        return "down", f"Down from {alone}: a pin or a held item stands above."
    return "none", "Where its score puts it."


def _step(item: Shown, was: int | None, why: str) -> Step:
    if was is None:
        return Step(item, "new", "new", why)
    by = was - item.place
    if by == 0:
        return Step(item, "same", "same", why)
    return Step(item, "up" if by > 0 else "down", f"{'up' if by > 0 else 'down'} {abs(by)}", why)


def _difference(before: RankedItem | None, after: RankedItem) -> str:
    """Say which parts of the score changed most."""
    if before is None:
        return ""
    names = before.parts.keys() | after.parts.keys()
    changes = {name: after.parts.get(name, 0) - before.parts.get(name, 0) for name in names}
    largest = sorted(changes, key=lambda name: (-abs(changes[name]), name))[:2]
    named = [
        f"{name.replace('_', ' ')} {points(changes[name], signed=True)}"
        for name in largest
        if abs(changes[name]) >= POINT // 2_000
    ]
    return ", ".join(named) or "same score"
