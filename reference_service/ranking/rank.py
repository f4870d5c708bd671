"""The ranking itself, of what may be shown: score, order, space."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import Struct, defstruct

from reference_service.ranking.nouns import (
    Features,
    IntArray,
    Names,
    Parts,
    Pin,
    Policy,
    Question,
    Ranked,
    Ranking,
    Scorer,
    Screened,
    Spacing,
)
from reference_service.ranking.spacing import Placed, space

MOST_MODELS = 64


def rank(
    screened: Screened, features: Features, scorer: Scorer, question: Question, policy: Policy
) -> Ranking:
    """Return what to show, best first, and what was withheld; pure.

    `features` has one row for each candidate that may be shown, in that order. Equal scores stand in order of id.
    A pinned item obeys every hard constraint like any other.
    """
    scores = scorer.scores(question.surface, features)
    # Of equal scores the first row stays the first, which is the lesser id.
    order = (-scores).argsort(kind="stable")
    rows = screened.rows.take(order).tolist()
    placed = _spaced(screened.names, rows, question, policy.spacing[question.surface])
    shown = order[[slot.position for slot in placed]] if placed else order[:0]
    parts = scorer.parts(question.surface, features.of(shown), scores[shown])
    return Ranking(
        items=_items(screened.names, rows, scores[shown], parts, placed), filtered=screened.withheld
    )


def _spaced(names: Names, places: Sequence[int], question: Question, spacing: Spacing) -> list[Placed]:
    playing, pins = question.playing, question.context.pins
    return space(
        places,
        names.artists,
        names.kinds,
        spacing=spacing,
        limit=question.limit,
        before=() if playing is None else ((playing.artist, playing.kind),),
        pinned=pinned(pins, [names.ids[place] for place in places]) if pins else None,
    )


def pinned(pins: Iterable[Pin], ids: Sequence[str]) -> dict[int, int]:
    """Return by slot, from 0, the position in `ids` that is pinned there.

    A pin is void if its id may not be shown or its slot is past the last; of two for one slot the lesser id
    stands, of two for one id the first slot.
    """
    positions = {name: position for position, name in enumerate(ids)}
    slots: dict[int, int] = {}
    for slot, name in sorted(pins):
        position = positions.get(name)
        if position is not None and slot <= len(ids) and slot - 1 not in slots:
            slots[slot - 1] = position
            del positions[name]
    return slots


def _items(
    names: Names, places: Sequence[int], scores: IntArray, parts: Parts, placed: Sequence[Placed]
) -> tuple[Ranked, ...]:
    ids, kinds, made = names.ids, names.kinds, _parts(parts.names)
    # A list first: of a generator each item would be one more frame.
    return tuple(
        [
            Ranked(
                ids[places[position]],
                kinds[places[position]],
                score,
                made(*values),
                position + 1,
                moved_by,
            )
            for score, values, (position, moved_by) in zip(
                scores.tolist(), parts.values.tolist(), placed, strict=True
            )
        ]
    )


@lru_cache(maxsize=MOST_MODELS)
def _parts(names: tuple[str, ...]) -> type[Struct]:
    """Return the type of an item's parts; it takes half of what a dictionary does, and is told the same."""
    return defstruct("Parts", [(name, int) for name in names], frozen=True, gc=False)
