"""A trained model behind the Scorer port."""

from collections.abc import Mapping, Sequence

import numpy as np

from reference_service.models.trees import Single, Trees
from reference_service.ranking.nouns import Features, FloatArray, IntArray, Parts, Surface


class TreeScorer:
    """Scores with the trees of a bundle; a feature that is not known (NaN) is below every threshold."""

    tolerance = 0
    """Millionths by which processors may differ."""

    def __init__(self, digest: str, names: Sequence[str], trees: Mapping[Surface, Trees]) -> None:
        self.digest = digest
        self._names = tuple(names)
        self._trees = trees

    def scores(self, surface: Surface, features: Features) -> IntArray:
        """Return the score of each row, in millionths of a point."""
        return self._trees[surface].scores(columns_of(features, self._names))

    def parts(self, surface: Surface, features: Features, scores: IntArray) -> Parts:
        """Return what each feature added to the scores, and `base`, which sum to them exactly."""
        return self._trees[surface].parts(self._names, columns_of(features, self._names), scores)


def columns_of(features: Features, names: Sequence[str]) -> Single:
    """Return the named features in this order, as models take them."""
    if features.names == names:
        return single(features.values)
    return single(features.values[:, [features.names.index(name) for name in names]])


def single(values: FloatArray) -> Single:
    """Return values as the trees compare them; what float32 cannot hold is infinite."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)
