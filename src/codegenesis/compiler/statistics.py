"""Interval of a median, by bootstrap.

The percentile bootstrap of the median, 2000 resamples: no assumption on how timing noise is
distributed (it is skewed, with outliers, and no test of normality survives it). The standard
library's `statistics` has the median but no resampling; scipy has, at 30 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from statistics import median

_RESAMPLES = 2000


def median_interval(
    values: Sequence[float], *, confidence: float = 0.99, seed: int = 0
) -> tuple[float, float, float]:
    """Median of `values` with the bounds of its interval: (median, low, high).

    With very few values the interval is about their range, which is the honest answer.
    """
    chance = Random(seed)
    count = len(values)
    drawn = sorted(median(chance.choices(values, k=count)) for _ in range(_RESAMPLES))
    cut = int((1 - confidence) / 2 * _RESAMPLES)
    return median(values), drawn[cut], drawn[-1 - cut]
