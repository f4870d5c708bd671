"""Position bias: estimated from random order alone, and taken out of what clicks say."""

from functools import cache

import numpy as np
import pytest

from reference_service.features.assembly import NAMES
from reference_service.models.signature import SURFACES
from reference_service.ranking.nouns import BoolArray
from reference_service.training.debias import LEAST_SEEN, seen_by_place, targets
from reference_service.training.simulator import EYES_DECLINE, SHOWN, Log, World, relevance, simulate


@cache
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def log() -> Log:
    """Many impressions of few requests: places and clicks drawn afresh for what was shown."""
    small = simulate(world(), "up_next", 300, seed=3)
    random = np.random.default_rng(4)
    times = 100
    place = random.integers(1, SHOWN + 1, len(small.place) * times)
    wanted = np.tile(small.relevance, times)
    clicked = random.random(len(place)) < place**-EYES_DECLINE * wanted
    return Log(np.tile(small.features, (times, 1)), place, np.ones(len(place), np.bool_), clicked, wanted)


def test_how_often_a_place_is_seen_is_found_from_clicks_in_random_order(log: Log) -> None:
    seen = seen_by_place(log.place, log.clicked, log.is_random)
    truth = np.arange(1, SHOWN + 1) ** -EYES_DECLINE
    assert np.abs(seen - truth).max() < 0.03


def test_targets_mean_the_relevance_where_clicks_do_not(log: Log) -> None:
    seen = seen_by_place(log.place, log.clicked, log.is_random)
    label, weight = targets(log.place, log.clicked, seen)
    last = log.place == SHOWN
    assert label[last].mean() == pytest.approx(log.relevance[last].mean(), rel=0.06)
    assert log.clicked[last].mean() < 0.3 * log.relevance[last].mean()
    assert weight[last].max() < weight[log.place == 1].min() == 1.0


def test_a_place_without_clicks_counts_as_seldom_seen_and_no_click_at_all_is_an_error() -> None:
    place, random = np.array([1, 2]), np.array([True, True])
    assert seen_by_place(place, np.array([True, False]), random).tolist() == [1.0, LEAST_SEEN]
    with pytest.raises(ValueError, match="no click on the first place"):
        seen_by_place(place, np.array([False, True]), random)


def test_equal_seeds_give_equal_logs_and_others_do_not() -> None:
    first, again, other = (simulate(world(), "cards", 20, seed) for seed in (1, 1, 2))
    assert (first.features == again.features).all()
    assert (first.clicked == again.clicked).all()
    assert not np.array_equal(first.clicked, other.clicked)


def test_the_logged_order_follows_relevance_but_for_the_random_requests() -> None:
    log = simulate(world(), "up_next", 400, seed=5)

    def spread(rows: BoolArray) -> float:
        by_place = [log.relevance[rows & (log.place == place)].mean() for place in (1, SHOWN)]
        return float(by_place[0] - by_place[1])

    assert spread(~log.is_random) > 0.1 > abs(spread(log.is_random))


def test_truth_is_a_probability_and_rises_and_falls_as_the_trainer_is_told() -> None:
    random = np.random.default_rng(6)
    rows = random.uniform(0, 1, size=(500, len(NAMES)))
    rows[:, : NAMES.index("popularity")] *= 0.3
    for surface in SURFACES:
        before = relevance(surface, rows)
        assert ((before > 0) & (before < 1)).all()
        for column, name in enumerate(NAMES):
            more = rows.copy()
            more[:, column] += 0.01
            change = relevance(surface, more) - before
            assert (change <= 1e-12).all() if name == "recent_skips" else (change >= -1e-12).all()
