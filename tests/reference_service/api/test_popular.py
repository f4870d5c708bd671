"""The popular answer: every hard constraint, the same reasons as a ranking's, and a valid answer."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_service.api.popular import Popular, TooLittleRead
from reference_service.api.reading.lean import Asked
from reference_service.api.reading.lean import asked as asked_for
from reference_service.api.responses import RankingAnswer
from reference_service.features.catalogue import Catalogue
from reference_service.features.items import EPOCH, Item, items
from reference_service.ranking.nouns import Candidate, Context, Question, Surface
from reference_service.ranking.policy import POLICY
from reference_service.ranking.screening import Screening
from tests.reference_service.ranking.test_rank import (
    NOW,
    TABLE,
    Pins,
    broken,
    candidate_lists,
    card_lists,
    contexts,
    crowds,
    pinning,
    pins,
    surfaces,
)
from tests.reference_service.ranking.test_screening import forbidden

POPULAR = Popular(TABLE, Screening(TABLE.every), POLICY, "0" * 64)
ID = "request-1"


def asked(
    table: Catalogue, context: Context, names: Sequence[str], limit: int, *, whole: bool = True
) -> Asked:
    return asked_for(context, [(name, "radio") for name in names], limit, table.rows, whole=whole)


def ask(
    surface: Surface, context: Context, candidates: list[Candidate], limit: int, now: datetime = NOW
) -> Mapping[str, Any]:
    names = [name for name, _ in candidates]
    answer = POPULAR.answer("overloaded", surface, asked(TABLE, context, names, limit), now, ID)
    said: dict[str, Any] = json.loads(answer)
    RankingAnswer.model_validate(said, strict=True)
    return said


@given(surfaces, contexts, candidate_lists | crowds | card_lists, pins, st.integers(1, 60))
@settings(deadline=None, max_examples=150)
def test_every_popular_answer_is_valid_and_keeps_every_invariant(
    surface: Surface, context: Context, candidates: list[Candidate], pins: Pins, limit: int
) -> None:
    context = pinning(context, pins, candidates)
    answer = ask(surface, context, candidates, limit)
    assert broken(surface, context, candidates, limit, answer) == {}


@given(surfaces, contexts, candidate_lists | crowds | card_lists, st.sampled_from([2025, 2026, 2027, 2040]))
@settings(deadline=None, max_examples=150)
def test_it_withholds_what_a_ranking_withholds_and_for_the_same_reasons(
    surface: Surface, context: Context, candidates: list[Candidate], year: int
) -> None:
    now = datetime(year, 1, 1, tzinfo=UTC)
    answer = ask(surface, context, candidates, 60, now)
    worn = POLICY.worn(TABLE.kinds_of(context.recently_shown))
    question = Question(surface, context, now, 60, TABLE.playing(context.now_playing), worn)
    expected = forbidden({name for name, _ in candidates if name in TABLE.rows}, question)
    unknown = {name: "unknown" for name, _ in candidates if name not in TABLE.rows}
    assert {entry["id"]: entry["reason"] for entry in answer["filtered"]} == {**expected, **unknown}
    assert [entry["id"] for entry in answer["filtered"]] == sorted({**expected, **unknown})


def crowded(alone: int, artists: list[str]) -> tuple[Popular, Catalogue]:
    """Return answers over tracks that differ in popularity and artist alone, best first, and their catalogue."""
    model: Item = next(item for item in items(7) if item.kind == "track" and not item.premium_only)
    made = [
        dataclasses.replace(
            model,
            id=f"track-{place:04d}",
            artist=artist,
            recording=f"recording-{place}",
            explicit=False,
            popularity=1 - place / 1_000,
            markets=("GB",),
            licence_until=EPOCH.replace(year=2040),
        )
        for place, artist in enumerate(["one"] * alone + artists)
    ]
    table = Catalogue(made)
    return Popular(table, Screening(table.every), POLICY, "0" * 64), table


@pytest.mark.parametrize("alone", [3, 400])
def test_an_artist_who_crowds_the_top_is_spaced_by_those_far_below(alone: int) -> None:
    context = Context(
        "x", "GB", "free", explicit_allowed=True, age_band="adult", hour_local=0, device="phone"
    )
    names = [f"track-{place:04d}" for place in range(alone + 2)]
    popular, table = crowded(alone, ["two", "three"])
    answer = json.loads(popular.answer("overloaded", "up_next", asked(table, context, names, 5), NOW, ID))
    shown = [item["id"] for item in answer["items"]]
    assert shown[:4] == ["track-0000", names[-2], names[-1], "track-0001"]


def test_of_a_head_of_the_candidates_it_answers_only_if_that_fills_the_answer_without_repeats() -> None:
    context = Context(
        "x", "GB", "free", explicit_allowed=True, age_band="adult", hour_local=0, device="phone"
    )
    popular, table = crowded(20, ["two", "three", "four"])
    names = [f"track-{place:04d}" for place in range(23)]
    enough = asked(table, context, names[20:], 3, whole=False)
    assert b"track-0020" in popular.answer("overloaded", "up_next", enough, NOW, ID)
    for some, limit in ((names[20:], 4), (names[:10], 3)):
        with pytest.raises(TooLittleRead):
            popular.answer("overloaded", "up_next", asked(table, context, some, limit, whole=False), NOW, ID)
