"""A trained model behind the Scorer port."""

from collections.abc import Mapping, Sequence

import numpy as np

from reference_service.models.trees import Single, Trees
from reference_service.ranking.nouns import Features, FloatArray, IntArray, Parts, Surface


class TreeScorer:
    """Scores with the trees of a bundle; a feature that is not known (NaN) is below every threshold."""

    def __init__(self, digest: str, names: Sequence[str], trees: Mapping[Surface, Trees]) -> None:
        self.digest = digest
        self._names = tuple(names)
        self._trees = trees

    def scores(self, surface: Surface, features: Features) -> IntArray:
        """Return the score of each row, in millionths of a point."""
        return self._trees[surface].scores(self._columns(features))

    def parts(self, surface: Surface, features: Features, scores: IntArray) -> Parts:
        """Return what each feature added to the scores, and `base`, which sum to them exactly."""
        return self._trees[surface].parts(self._names, self._columns(features), scores)

    def _columns(self, features: Features) -> Single:
        columns = [features.names.index(name) for name in self._names]
        return single(features.values[:, columns])


def single(values: FloatArray) -> Single:
    """Return values as the trees compare them; what float32 cannot hold is infinite."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)
