"""Small statistics in plain Python: every figure of the genome comes with its interval.

The standard library's `statistics` has means and quantiles but no intervals; numpy and scipy have
both, but are not worth their 100 MB to a tool that lives beside other people's applications. So
the few estimators that the traits need are here: a cluster bootstrap (bursts are clusters of
calls that resemble each other, so calls must not be resampled one by one), Wilson's interval for
shares, order statistics for quantiles, least squares for exponents, the population stability index
for what has changed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from codegenesis.model import Record

T = TypeVar("T")

#: Two-sided 95 % point of the normal distribution.
Z95 = 1.959964


class Estimate(Record, frozen=True, kw_only=True):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> Estimate:
        """The same estimate in another unit; `factor` must not be negative."""
        return Estimate(value=self.value * factor, low=self.low * factor, high=self.high * factor)


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean of at least one value."""
    return math.fsum(values) / len(values)


def bootstrap(
    clusters: Sequence[T],
    statistic: Callable[[Sequence[T]], float],
    *,
    seed: int = 0,
    rounds: int = 300,
) -> Estimate:
    """Percentile bootstrap of `statistic` over whole clusters.

    A single cluster says nothing about the spread: its interval is unbounded above and reaches
    down to zero, which is honest and keeps it from being believed.
    """
    value = statistic(clusters)
    if len(clusters) < 2:
        return Estimate(value=value, low=0.0, high=math.inf)
    rng = random.Random(seed)
    draws = sorted(statistic(rng.choices(clusters, k=len(clusters))) for _ in range(rounds))
    return Estimate(
        value=value,
        low=draws[int(0.025 * (rounds - 1))],
        high=draws[math.ceil(0.975 * (rounds - 1))],
    )


def proportion(hits: int, n: int) -> Estimate:
    """Share `hits / n` with Wilson's score interval, which behaves at 0 and 1."""
    share = hits / n
    denominator = 1 + Z95**2 / n
    centre = (share + Z95**2 / (2 * n)) / denominator
    half = Z95 * math.sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n)) / denominator
    return Estimate(value=share, low=max(0.0, centre - half), high=min(1.0, centre + half))


def quantile(values: Sequence[float], q: float) -> Estimate:
    """The `q`-quantile (nearest rank) with the interval that its order statistics give."""
    ordered = sorted(values)
    n = len(ordered)
    spread = Z95 * math.sqrt(n * q * (1 - q))

    def at(rank: float) -> float:
        return ordered[min(n - 1, max(0, math.ceil(rank) - 1))]

    return Estimate(value=at(n * q), low=at(n * q - spread), high=at(n * q + spread + 1))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least-squares slope of y over x; 0 when all x are the same."""
    centre_x = mean([x for x, _ in points])
    centre_y = mean([y for _, y in points])
    square = math.fsum((x - centre_x) ** 2 for x, _ in points)
    if square == 0:
        return 0.0
    return math.fsum((x - centre_x) * (y - centre_y) for x, y in points) / square


def fit(points: Sequence[tuple[float, float]]) -> float:
    """Share of the variance of y that a straight line over x explains, 0..1."""
    centre_y = mean([y for _, y in points])
    centre_x = mean([x for x, _ in points])
    incline = slope(points)
    total = math.fsum((y - centre_y) ** 2 for _, y in points)
    left = math.fsum((y - centre_y - incline * (x - centre_x)) ** 2 for x, y in points)
    return 0.0 if total == 0 else max(0.0, 1.0 - left / total)


def average(n: int, total: float, squares: float, *, least: float = 0.0) -> Estimate:
    """The mean of `n` independent figures, of which sum and sum of squares are known.

    One figure says nothing about the spread, as in `bootstrap`.

    Args:
        least: no figure can be less.
    """
    value = total / n
    if n < 2:
        return Estimate(value=value, low=least, high=math.inf)
    half = Z95 * math.sqrt(max(0.0, squares / n - value * value) / (n - 1))
    return Estimate(value=value, low=max(least, value - half), high=value + half)


def stability(older: Sequence[float], recent: Sequence[float], *, clusters: float) -> Estimate:
    """How much a distribution has changed: the population stability index.

    Below 0.1 counts as none, above 0.25 as a real change. Without any change the plain index is
    about (bins - 1)(1/n + 1/m) large by chance, which is taken off here; the interval is by the
    delta method, with what the index does by chance added to it.

    Args:
        older, recent: counts of the same bins, at least one of which is not empty in each.
        clusters: calls per independent draw: calls of one burst resemble each other.
    """
    n, m = (max(1.0, math.fsum(each) / clusters) for each in (older, recent))
    bins = len(older)
    p, q = _smooth(older), _smooth(recent)
    logs = [math.log(b / a) for a, b in zip(p, q, strict=True)]
    index = math.fsum((b - a) * log for a, b, log in zip(p, q, logs, strict=True))
    by_older = [-log + 1 - b / a for a, b, log in zip(p, q, logs, strict=True)]
    by_recent = [log + 1 - a / b for a, b, log in zip(p, q, logs, strict=True)]
    chance = 1 / n + 1 / m
    spread = _variance(p, by_older) / n + _variance(q, by_recent) / m
    half = Z95 * math.sqrt(spread + 2 * (bins - 1) * chance * chance)
    value = max(0.0, index - (bins - 1) * chance)
    return Estimate(value=value, low=max(0.0, value - half), high=value + half)


def _smooth(counts: Sequence[float]) -> list[float]:
    """Shares, none of them zero (Jeffreys' half a count)."""
    total = math.fsum(counts) + len(counts) / 2
    return [(count + 0.5) / total for count in counts]


def _variance(shares: Sequence[float], values: Sequence[float]) -> float:
    centre = math.fsum(s * v for s, v in zip(shares, values, strict=True))
    return math.fsum(s * (v - centre) ** 2 for s, v in zip(shares, values, strict=True))
