"""The additive model: exact, and untroubled by what is not known."""

import numpy as np

from reference_service.features.assembly import NAMES
from reference_service.models.additive import WEIGHTS, AdditiveScorer
from reference_service.ranking.nouns import Features


def test_a_feature_that_is_not_known_adds_nothing() -> None:
    values = np.full((2, len(NAMES)), np.nan)
    values[0, NAMES.index("popularity")] = 0.5
    scores = AdditiveScorer().scores("up_next", Features(NAMES, values))
    assert scores.tolist() == [300_000, 0]


def test_parts_sum_to_the_scores() -> None:
    features = Features(NAMES, np.linspace(-1, 1, 5 * len(NAMES)).reshape(5, -1))
    scorer = AdditiveScorer()
    scores = scorer.scores("cards", features)
    assert scorer.parts("cards", features, scores).values.sum(axis=1).tolist() == scores.tolist()


def test_weights_name_features_that_exist_and_change_the_digest() -> None:
    assert all(set(weights) <= set(NAMES) for weights in WEIGHTS.values())
    heavier = {**WEIGHTS, "cards": {**WEIGHTS["cards"], "hour": 0.2}}
    assert AdditiveScorer(heavier).digest != AdditiveScorer().digest
