"""Statistics that may be looked at after every call without paying for the looking.

A canary is read again and again while it runs. A test with a fixed sample size, read that way,
promotes 17 % of the changes that change nothing (DESIGN §9; `benchmarks/canary_simulation.py`
measures it again). Two tools do not have that defect:

- for a mean without bounds (log ratios of CPU time): the asymptotic confidence sequence of
  Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic
  confidence sequences" (arXiv 2103.06476, theorem 2.2 with the tuning of its appendix B.2);
- for things that happen or do not (errors, slow calls): betting, Waudby-Smith and Ramdas,
  "Estimating means of bounded random variables by betting" (JRSS B 2024). Capital that starts at 1
  and cannot grow on average while the null hypothesis holds exceeds 1/alpha with probability of at
  most alpha, ever (Ville). It is exact at any n; the asymptotic sequence is not: without a single
  event its variance is zero and it "proves" everything, which is why it is not used for them.

Nothing here keeps samples: means are running moments, and because events are discrete the capital
of a fixed bet is a product over counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


class Moments:
    """Running count, mean and variance (Welford), O(1) per value."""

    __slots__ = ("_m2", "mean", "n")

    def __init__(self) -> None:
        self.n = 0
        self.mean = 0.0
        self._m2 = 0.0

    def add(self, value: float) -> None:
        """Take one more value into account."""
        self.n += 1
        delta = value - self.mean
        self.mean += delta / self.n
        self._m2 += delta * (value - self.mean)

    @property
    def deviation(self) -> float:
        """Standard deviation of the values so far; 0.0 for fewer than two."""
        return math.sqrt(self._m2 / self.n) if self.n > 1 else 0.0


def confidence_sequence(moments: Moments, *, alpha: float, tuned_for: int) -> tuple[float, float]:
    """Interval that holds the true mean at *every* n at once with probability 1 - `alpha`.

    Args:
        alpha: chance that the mean is ever outside, both sides together.
        tuned_for: the n at which the interval is narrowest; elsewhere it is valid, only wider.

    Returns:
        (low, high); infinite before the second value.
    """
    n = moments.n
    if n < 2:
        return -math.inf, math.inf
    log_alpha = -2.0 * math.log(alpha)
    weight = n * (log_alpha + math.log(log_alpha) + 1.0) / tuned_for
    radius = math.sqrt(2.0 * (weight + 1.0) / weight * math.log(math.sqrt(weight + 1.0) / alpha))
    margin = moments.deviation * radius / math.sqrt(n)
    return moments.mean - margin, moments.mean + margin


def log_capital(outcomes: Iterable[tuple[float, int]], stakes: Sequence[float]) -> float:
    """Log of the capital won by betting that a bounded mean is above zero.

    Args:
        outcomes: each value that can occur, with how often it did.
        stakes: the bets to spread the capital over, as shares of the largest that cannot ruin
            (1 / -minimum). A small stake suits a small edge, a large one a clear case.

    Returns:
        log of the mixture's capital. While the mean is <= 0, exp of it exceeds 1/alpha with
        probability of at most alpha over the whole run.
    """
    counts = list(outcomes)
    largest = 1.0 / -min(value for value, _ in counts)
    logs = [
        sum(count * math.log1p(stake * largest * value) for value, count in counts if count)
        for stake in stakes
    ]
    peak = max(logs)
    return peak + math.log(sum(math.exp(log - peak) for log in logs) / len(logs))


def log_capital_fair_coin(heads: int, tails: int) -> float:
    """Log of the capital against "heads is not likelier or less likely than tails".

    Mixture of all bets under a uniform prior: the beta function over 2^-n. Symmetric, so the caller
    looks at which side is ahead.
    """
    log_beta = math.lgamma(heads + 1) + math.lgamma(tails + 1) - math.lgamma(heads + tails + 2)
    return log_beta + (heads + tails) * math.log(2.0)
