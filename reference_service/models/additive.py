"""Hand-set weights, one a feature: the policy that ranked before there was a trained model.

What it ranked is what the first model learns from, and the bar that a trained one has to clear.
"""

import hashlib
import json
from collections.abc import Mapping

import numpy as np

from reference_service.ranking.nouns import POINT, Features, FloatArray, IntArray, Parts, Surface

WEIGHTS: Mapping[Surface, Mapping[str, float]] = {
    "up_next": {
        "affinity": 3.0,
        "similarity": 2.0,
        "popularity": 0.6,
        "freshness": 0.35,
        "recent_skips": -1.0,
        "hour": 0.15,
        "kind_taste": 0.3,
        "source": 0.4,
    },
    "cards": {
        "kind_fit": 1.2,
        "kind_taste": 0.9,
        "same_artist": 0.8,
        "affinity": 1.0,
        "similarity": 0.5,
        "popularity": 0.3,
        "freshness": 0.3,
        "hour": 0.1,
    },
}


class AdditiveScorer:
    """A weighted sum of features; a feature that is not known (NaN) adds nothing."""

    def __init__(self, weights: Mapping[Surface, Mapping[str, float]] = WEIGHTS) -> None:
        self._weights = weights
        self.digest = hashlib.sha256(json.dumps(weights, sort_keys=True).encode()).hexdigest()

    def scores(self, surface: Surface, features: Features) -> IntArray:
        """Return the sum of what each feature adds."""
        total: IntArray = self._added(surface, features).sum(axis=1)
        return total

    def parts(self, surface: Surface, features: Features, scores: IntArray) -> Parts:  # noqa: ARG002  the port's
        """Return weight times feature in whole millionths, for each feature that the surface weighs."""
        return Parts(tuple(self._weights[surface]), self._added(surface, features))

    def _added(self, surface: Surface, features: Features) -> IntArray:
        weights = self._weights[surface]
        columns = [features.names.index(name) for name in weights]
        points: FloatArray = features.values[:, columns] * np.array(list(weights.values())) * POINT
        whole: IntArray = np.rint(np.nan_to_num(points, nan=0.0)).astype(np.int64)
        return whole
