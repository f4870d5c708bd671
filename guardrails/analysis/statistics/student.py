"""Student's t distribution, from the regularised incomplete beta function.

Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.5.8 and 26.7.1.
"""

import math

_MEDIAN = 0.5
_TERMS = 300
_PRECISION = 1e-12
_TINY = 1e-300
_LARGEST = 1e6


def t_quantile(probability: float, degrees: int) -> float:
    """Return t such that P(T <= t) = `probability`, for 0.5 <= probability < 1 and degrees >= 1."""
    if not _MEDIAN <= probability < 1 or degrees < 1:
        raise ValueError(f"no t quantile for probability {probability} and {degrees} degrees of freedom")
    low, high = 0.0, _LARGEST
    while high - low > _PRECISION * max(1.0, high):
        middle = (low + high) / 2
        if t_cumulative(middle, degrees) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def t_cumulative(t: float, degrees: int) -> float:
    """Return P(T <= t) for t >= 0 with `degrees` degrees of freedom."""
    tail = _beta_ratio(degrees / (degrees + t * t), degrees / 2, 0.5)
    return 1 - tail / 2


def _beta_ratio(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b)."""
    if x in {0.0, 1.0}:
        return x
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Evaluate 26.5.8's continued fraction by Lentz's method."""
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    total = d
    for m in range(1, _TERMS):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + factor * d)
            c = _away_from_zero(1 + factor / c)
            total *= d * c
        if abs(d * c - 1) < _PRECISION:
            break
    return total


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
