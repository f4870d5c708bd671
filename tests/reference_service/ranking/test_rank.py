"""Properties of the ranking: what no model, order of candidates or repetition may change."""

import asyncio
import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.now_playing.invariants import INVARIANTS
from contracts.now_playing.record import catalogue_text
from reference_service.api.answering import Answer, Ranker
from reference_service.api.reading.lean import asked as asked_for
from reference_service.api.responses import RankingAnswer
from reference_service.api.routes import rendered
from reference_service.app import build_ranker
from reference_service.features.catalogue import Catalogue
from reference_service.features.items import Item, items
from reference_service.page.handlers import FeaturesDown
from reference_service.ranking.nouns import (
    MARKETS,
    SOURCES,
    AgeBand,
    Candidate,
    Context,
    Device,
    Features,
    IntArray,
    Parts,
    Question,
    Ranking,
    Source,
    Surface,
    Tier,
)
from reference_service.ranking.policy import POLICY
from reference_service.ranking.rank import rank
from reference_service.ranking.screening import Screening
from reference_service.settings import Settings
from reference_service.telemetry.metrics import Metrics

Pins = list[tuple[int, Callable[[list[Candidate]], Candidate]]]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CATALOGUE: list[Item] = items(7)
TABLE = Catalogue(CATALOGUE)
IDS = [item.id for item in CATALOGUE]
CARDS = [name for name in IDS if name.startswith(("card-merch", "card-concert"))]
RANKER = build_ranker(Settings(), Metrics())
WITHOUT_FEATURES = RANKER.beside(store=FeaturesDown())
FACTS: dict[str, Any] = json.loads(catalogue_text())


def picker(at: int) -> Callable[[list[Candidate]], Candidate]:
    """Return what picks one of a list of candidates of any length."""
    return lambda candidates: candidates[at % len(candidates)]


some_ids = st.sampled_from([*IDS, "unknown-1", "unknown-2"])
candidate_lists = st.lists(st.tuples(some_ids, st.sampled_from(get_args(Source))), min_size=1, max_size=60)
# Twins and one crowded artist: where ties and spacing happen.
crowds = st.lists(
    st.tuples(
        st.sampled_from(
            [item.id for item in CATALOGUE if item.artist in {"artist-01", "artist-03"}] + IDS[-60:]
        ),
        st.just("editorial"),
    ),
    min_size=1,
    max_size=60,
)
contexts = st.builds(
    Context,
    listener_id=st.sampled_from(["listener-0001", "listener-0400", "visitor"]),
    market=st.sampled_from([*MARKETS, "AQ"]),
    product_tier=st.sampled_from(get_args(Tier)),
    explicit_allowed=st.booleans(),
    age_band=st.sampled_from(get_args(AgeBand)),
    hour_local=st.integers(0, 23),
    device=st.sampled_from(get_args(Device)),
    now_playing=st.none() | some_ids,
    shuffle=st.booleans(),
    session_position=st.integers(1, 100),
    recent_skips=st.lists(some_ids, max_size=5).map(tuple),
    recently_played=st.frozensets(some_ids, max_size=20),
    dismissals=st.frozensets(some_ids | st.sampled_from(["artist-01", "artist-02"]), max_size=20),
    recently_shown=st.lists(st.sampled_from(CARDS) | some_ids, max_size=12).map(tuple),
)
card_lists = st.lists(
    st.tuples(
        st.sampled_from([item.id for item in CATALOGUE if item.id.startswith("card-")]), st.just("editorial")
    ),
    min_size=1,
    max_size=60,
)
pins = st.lists(st.tuples(st.integers(1, 70), st.integers(0, 59).map(picker)), max_size=4)
surfaces = st.sampled_from(get_args(Surface))


def answer(
    surface: Surface, context: Context, candidates: list[Candidate], limit: int, ranker: Ranker = RANKER
) -> Answer:
    return asyncio.run(ranker.answer(surface, asked_for(context, candidates, limit, TABLE.rows), NOW))


def ask(surface: Surface, context: Context, candidates: list[Candidate], limit: int = 30) -> Ranking:
    return answer(surface, context, candidates, limit).ranking


@given(surfaces, contexts, candidate_lists | crowds, st.integers(1, 60), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_neither_order_nor_repetition_of_candidates_changes_an_answer(
    surface: Surface, context: Context, candidates: list[Candidate], limit: int, random: Any
) -> None:
    shuffled = [*candidates, *random.choices(candidates, k=10)]
    random.shuffle(shuffled)
    assert ask(surface, context, shuffled, limit) == ask(surface, context, candidates, limit)


@given(surfaces, contexts, candidate_lists | crowds | card_lists, pins, st.integers(1, 60), st.booleans())
@settings(deadline=None, max_examples=200)
def test_every_answer_keeps_every_invariant_with_features_or_without(
    surface: Surface,
    context: Context,
    candidates: list[Candidate],
    pins: Pins,
    limit: int,
    has_features: bool,
) -> None:
    context = pinning(context, pins, candidates)
    answered = answer(surface, context, candidates, limit, RANKER if has_features else WITHOUT_FEATURES)
    said = json.loads(rendered(answered, "request-1"))
    RankingAnswer.model_validate(said, strict=True)
    assert said["degraded_reason"] == (None if has_features else "features_unavailable")
    assert broken(surface, context, candidates, limit, said) == {}


def broken(
    surface: Surface, context: Context, candidates: list[Candidate], limit: int, answer: Mapping[str, Any]
) -> dict[str, str]:
    """Return what each invariant says of this answer, where it says anything."""
    path = {"cards": "cards", "up_next": "up-next"}[surface]
    known = {name: getattr(context, name) for name in Context.__slots__}
    request = {
        "operation": f"POST /v1/now-playing/{path}:rank",
        "body": {
            "context": {**known, "pins": [{"slot": slot, "id": name} for slot, name in context.pins]},
            "candidates": [{"id": name} for name, _ in candidates],
            "limit": limit,
        },
    }
    said = ((name, invariant(request, answer, FACTS)) for name, invariant in INVARIANTS.items())
    return {name: sentence for name, sentence in said if sentence is not None}


def pinning(context: Context, pins: Pins, candidates: list[Candidate]) -> Context:
    return replace(context, pins=tuple((slot, pick(candidates)[0]) for slot, pick in pins))


@given(contexts, crowds, pins, st.integers(1, 20), st.integers(0, 20))
@settings(deadline=None, max_examples=40)
def test_a_shorter_answer_is_the_head_of_a_longer_one(
    context: Context, candidates: list[Candidate], pins: Pins, limit: int, more: int
) -> None:
    context = pinning(context, pins, candidates)
    short, long = (ask("up_next", context, candidates, length) for length in (limit, limit + more))
    assert long.items[:limit] == short.items
    assert long.filtered == short.filtered


@given(contexts, st.lists(st.sampled_from(IDS), min_size=1, max_size=40, unique=True), st.data())
@settings(deadline=None, max_examples=60)
def test_hard_constraints_hold_whatever_the_model_says_and_inputs_stay_as_they_were(
    context: Context, names: list[str], data: st.DataObject
) -> None:
    class Whimsical:
        digest = "0" * 64

        def scores(self, surface: Surface, features: Features) -> IntArray:
            count = len(features.values)
            drawn = data.draw(st.lists(st.integers(-(2**40), 2**40), min_size=count, max_size=count))
            return np.array(drawn, dtype=np.int64)

        def parts(self, surface: Surface, features: Features, scores: IntArray) -> Parts:
            return Parts(("whim",), scores.reshape(-1, 1))

    rows = TABLE.locate(sorted(names))
    before = copy.deepcopy(TABLE.every), rows.copy()
    question = Question("up_next", context, NOW, 30, TABLE.playing(context.now_playing))
    screened = Screening(TABLE.every).screen(rows, question)
    features = Features(("x",), np.zeros((len(screened.rows), 1)))
    ranking = rank(screened, features, Whimsical(), question, POLICY)
    withheld = {entry.id for entry in ranking.filtered}
    honest = ask("up_next", context, [(name, "editorial") for name in names])
    assert withheld == {entry.id for entry in honest.filtered}
    assert {item.id for item in ranking.items} <= set(names) - withheld
    facts, was = TABLE.every, before[0]
    assert np.array_equal(rows, before[1])
    assert all(np.array_equal(getattr(facts, name), getattr(was, name)) for name in facts.__slots__)


def test_of_two_sources_for_one_id_the_first_by_name_stands() -> None:
    context = Context("x", "GB", "free", explicit_allowed=True, age_band="adult", hour_local=0, device="tv")
    candidates: list[Candidate] = [(IDS[7], "radio"), (IDS[3], "queue"), (IDS[7], "collaborative")]
    asked = asked_for(context, candidates, 5, TABLE.rows)
    assert asked.rows.tolist() == [3, 7]
    assert [SOURCES[code] for code in asked.sources.tolist()] == ["queue", "collaborative"]
