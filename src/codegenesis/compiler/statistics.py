"""How far is the middle of a few noisy pairs from the truth, at most?

What is to be trusted is an interval from 6 to 24 process pairs, looked at more than once. Log
ratios of neighbouring blocks are symmetric around the true log ratio (swap the two sides and the
sign flips), have heavy tails, and are independent between pairs of fresh processes. So:

- from ten values on, the Hodges-Lehmann centre with the exact interval of Wilcoxon's signed-rank
  statistic (Hollander & Wolfe 1999, §3.3): no assumption but symmetry, and among
  twenty values a few outliers do not widen it;
- below ten no rank statistic reaches 99 %, and Student's t is used, which errs on the wide side
  when tails are heavy;
- several looks at one race share the error between them (Bonferroni, later looks get more), so
  the interval holds at whichever look the race ends.

Rejected: the percentile bootstrap of the median, which came out at 96 % instead of 99 % at twenty
pairs and worse below (it cannot see beyond the values drawn); resampling laps within pairs as
well, since a pair's median already carries their noise, and 20 ms become 400. Misses in A/A are
counted by `benchmarks/race_false_positives.py`. scipy has all of this, at 30 MB.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, combinations_with_replacement
from statistics import mean, median, stdev
from typing import NamedTuple

#: Of every interval that is shown.
CONFIDENCE = 0.99

#: Values from which ranks can give 99 % at any look.
_RANKS_FROM = 10


class Interval(NamedTuple):
    """A centre with its bounds; infinite where the values cannot bound it."""

    middle: float
    low: float
    high: float


class Look(NamedTuple):
    """A moment at which a race is judged: after so many pairs, with this confidence."""

    pairs: int
    confidence: float


def interval(values: Sequence[float], *, confidence: float = CONFIDENCE) -> Interval:
    """Centre of symmetrically distributed `values`, with an interval of at least `confidence`."""
    if len(values) < 2:
        return Interval(values[0], -math.inf, math.inf)
    if len(values) >= _RANKS_FROM and (cut := _signed_rank_cut(len(values), 1 - confidence)):
        pairs = combinations_with_replacement(sorted(values), 2)
        averages = sorted((one + other) / 2 for one, other in pairs)
        return Interval(median(averages), averages[cut - 1], averages[-cut])
    middle = mean(values)
    half = t_quantile(1 - (1 - confidence) / 2, len(values) - 1) * stdev(values)
    half /= math.sqrt(len(values))
    return Interval(middle, middle - half, middle + half)


def looks(first: int, most: int, *, confidence: float = CONFIDENCE) -> tuple[Look, ...]:
    """Looks at `first` pairs, twice as many and so on up to `most`; together of `confidence`."""
    counts = [first]
    while counts[-1] < most:
        counts.append(min(2 * counts[-1], most))
    shares = [2**number for number in range(len(counts))]
    error = (1 - confidence) / sum(shares)
    return tuple(Look(n, 1 - error * share) for n, share in zip(counts, shares, strict=True))


@cache
def t_quantile(probability: float, freedom: int) -> float:
    """Quantile of Student's t for a probability above one half, to six digits."""
    low, high = 0.0, math.pi / 2
    while high - low > 1e-12:
        middle = (low + high) / 2
        if _t_within(middle, freedom) < 2 * probability - 1:
            low = middle
        else:
            high = middle
    return math.tan(low) * math.sqrt(freedom)


def _t_within(angle: float, freedom: int) -> float:
    """P(|t| < √freedom · tan(angle)): the finite sums for whole degrees of freedom
    (Abramowitz & Stegun 26.7.3 and 26.7.4)."""
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = freedom % 2
    term, total = (math.cos(angle), math.cos(angle)) if odd else (1.0, 1.0)
    for step in range(3 if odd else 2, freedom - 1, 2):
        term *= square * (step - 1) / step
        total += term
    if not odd:
        return sine * total
    return 2 / math.pi * (angle + (sine * total if freedom > 1 else 0.0))


@cache
def _signed_rank_cut(count: int, error: float) -> int:
    """The interval ends at this smallest and this largest Walsh average; 0 when none is enough."""
    ways = [1]
    for rank in range(1, count + 1):
        shifted = [0] * rank + ways
        ways = [a + b for a, b in zip(ways + [0] * rank, shifted, strict=True)]
    most = error / 2 * 2**count
    return sum(1 for total in accumulate(ways) if total <= most)


def share_interval(count: int, of: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson: the exact interval of a share, `count` out of `of`."""
    error = (1 - confidence) / 2
    lowest = _share(count - 1, of, 1 - error) if count else 0.0
    return lowest, _share(count, of, error) if count < of else 1.0


def _share(most: int, of: int, probability: float) -> float:
    """The share at which at most `most` out of `of` has this probability."""
    low, high = 1e-12, 1 - 1e-12
    while high - low > 1e-9:
        middle = (low + high) / 2
        at_most = sum(_binomial(each, of, middle) for each in range(most + 1))
        low, high = (middle, high) if at_most > probability else (low, middle)
    return low


def _binomial(count: int, of: int, share: float) -> float:
    ways = math.lgamma(of + 1) - math.lgamma(count + 1) - math.lgamma(of - count + 1)
    return math.exp(ways + count * math.log(share) + (of - count) * math.log1p(-share))
