"""Median with a bootstrap interval: what a race may claim.

Efron's percentile bootstrap over the per-pair ratios, seeded. The median, because one
interrupted pair must not decide; scipy's `bootstrap` does the same and costs 60 MB of
dependencies.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence


def median_interval(
    values: Sequence[float], *, level: float = 0.99, rounds: int = 2000, seed: int = 0
) -> tuple[float, float, float]:
    """(median, low, high) of a sample of at least one value.

    Args:
        level: probability that the interval covers, both sides together.
        rounds: resamples; their order statistics are the bounds.
    """
    chance = random.Random(seed)
    medians = sorted(
        statistics.median(chance.choices(values, k=len(values))) for _ in range(rounds)
    )
    cut = int((1.0 - level) / 2.0 * rounds)
    return statistics.median(values), medians[cut], medians[-1 - cut]
