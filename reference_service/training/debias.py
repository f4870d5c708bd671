"""What a click says of an item, once its place is accounted for.

People look at the first places more, so a click counts for what was shown and for where. How much they
look is estimated from the requests that were answered in random order, where place and item are
independent (T. Joachims, A. Swaminathan, T. Schnabel, "Unbiased Learning-to-Rank with Biased Feedback",
WSDM 2017).
"""

import numpy as np

from reference_service.ranking.nouns import BoolArray, FloatArray, IntArray

LEAST_SEEN = 0.05
"""No place counts as seen less than this: its few clicks would outweigh all others."""


def seen_by_place(place: IntArray, clicked: BoolArray, is_random: BoolArray) -> FloatArray:
    """Return how often each place is looked at beside the first, from the randomly ordered impressions.

    Element i is of place i + 1. Raises ValueError where the first place has no click to compare with.
    """
    places, clicks = place[is_random], clicked[is_random]
    shown = np.bincount(places, minlength=int(place.max()) + 1)[1:]
    rate = np.bincount(places, weights=clicks, minlength=len(shown) + 1)[1:] / np.maximum(shown, 1)
    if rate[0] == 0:
        raise ValueError("no click on the first place of a randomly ordered request; log more of them")
    seen: FloatArray = np.clip(rate / rate[0], LEAST_SEEN, 1.0)
    return seen


def targets(place: IntArray, clicked: BoolArray, seen: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return for each impression an unbiased estimate of its relevance, and its weight.

    A click at a place that is seen with probability s counts 1/s, whose mean is the relevance; its variance
    grows with 1/s, so its weight is s.
    """
    at = seen[place - 1]
    return clicked / at, at
