"""Properties of the ranking: what no model, order of candidates or repetition may change."""

import copy
import json
from datetime import UTC, datetime
from typing import Any, get_args

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.now_playing.invariants import INVARIANTS
from contracts.now_playing.record import catalogue_text
from reference_service.api.answering import POLICY
from reference_service.app import build_ranker
from reference_service.features.catalogue import Catalogue
from reference_service.features.items import Item, items
from reference_service.ranking.eligibility import distinct
from reference_service.ranking.nouns import (
    MARKETS,
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
from reference_service.ranking.rank import rank
from reference_service.settings import Settings
from reference_service.telemetry.metrics import Metrics

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CATALOGUE: list[Item] = items(7)
TABLE = Catalogue(CATALOGUE)
IDS = [item.id for item in CATALOGUE]
RANKER = build_ranker(Settings(), Metrics())
FACTS: dict[str, Any] = json.loads(catalogue_text())

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
)
surfaces = st.sampled_from(get_args(Surface))


def ask(surface: Surface, context: Context, candidates: list[Candidate], limit: int = 30) -> Ranking:
    coroutine = RANKER.answer(surface, context, candidates, limit, NOW)
    try:
        coroutine.send(None)
    except StopIteration as answered:
        ranking: Ranking = answered.value.ranking
        return ranking
    raise AssertionError("an answer from memory waits for nothing")


@given(surfaces, contexts, candidate_lists | crowds, st.integers(1, 60), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_neither_order_nor_repetition_of_candidates_changes_an_answer(
    surface: Surface, context: Context, candidates: list[Candidate], limit: int, random: Any
) -> None:
    shuffled = [*candidates, *random.choices(candidates, k=10)]
    random.shuffle(shuffled)
    assert ask(surface, context, shuffled, limit) == ask(surface, context, candidates, limit)


@given(surfaces, contexts, candidate_lists | crowds, st.integers(1, 60))
@settings(deadline=None, max_examples=120)
def test_every_answer_keeps_every_invariant(
    surface: Surface, context: Context, candidates: list[Candidate], limit: int
) -> None:
    ranking = ask(surface, context, candidates, limit)
    path = {"cards": "cards", "up_next": "up-next"}[surface]
    request = {
        "operation": f"POST /v1/now-playing/{path}:rank",
        "body": {
            "context": {name: getattr(context, name) for name in Context.__slots__},
            "candidates": [{"id": name} for name, _ in candidates],
            "limit": limit,
        },
    }
    response = {
        "items": [{"id": item.id, "score": item.score, "parts": item.parts} for item in ranking.items],
        "filtered": [{"id": entry.id, "reason": entry.reason} for entry in ranking.filtered],
    }
    assert {
        name: invariant(request, response, FACTS) for name, invariant in INVARIANTS.items()
    } == dict.fromkeys(INVARIANTS)


@given(contexts, crowds, st.integers(1, 20), st.integers(0, 20))
@settings(deadline=None, max_examples=40)
def test_a_shorter_answer_is_the_head_of_a_longer_one(
    context: Context, candidates: list[Candidate], limit: int, more: int
) -> None:
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

    facts = TABLE.facts(TABLE.locate(names))
    before = copy.deepcopy(facts)
    question = Question("up_next", context, NOW, 30, TABLE.playing(context.now_playing))
    ranking = rank(facts, Features(("x",), np.zeros((len(names), 1))), Whimsical(), question, POLICY)
    withheld = {entry.id for entry in ranking.filtered}
    honest = ask("up_next", context, [(name, "editorial") for name in names])
    assert withheld == {entry.id for entry in honest.filtered}
    assert {item.id for item in ranking.items} <= set(names) - withheld
    assert all(np.array_equal(getattr(facts, name), getattr(before, name)) for name in facts.__slots__)


def test_of_two_sources_for_one_id_the_first_by_name_stands() -> None:
    assert distinct([("b", "radio"), ("a", "queue"), ("b", "collaborative")]) == {
        "a": "queue",
        "b": "collaborative",
    }
