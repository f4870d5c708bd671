"""The ratio of two paired quantities, with the launch of a process as the unit of observation."""

import math
from collections.abc import Sequence

from guardrails.analysis.statistics.student import t_quantile
from guardrails.model.frozen import frozen

_FEWEST = 2


@frozen
class Ratio:
    """An estimated ratio (1.0 is no change) with its two-sided interval at `confidence`."""

    estimate: float
    low: float
    high: float
    confidence: float
    launches: int


def paired_ratio(pairs: Sequence[tuple[float, float]], confidence: float) -> Ratio:
    """Return the geometric mean of head over base with its t interval on the log scale.

    `pairs` holds (base, head) for each launch, both positive. At least two launches are needed.
    """
    if len(pairs) < _FEWEST:
        raise ValueError(f"{len(pairs)} launches give no interval; measure at least {_FEWEST}")
    logs = [math.log(head / base) for base, head in pairs]
    mean = math.fsum(logs) / len(logs)
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in logs) / (len(logs) - 1) / len(logs))
    reach = t_quantile((1 + confidence) / 2, len(logs) - 1) * spread
    return Ratio(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach), confidence, len(logs))
