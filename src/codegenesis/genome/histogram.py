"""Distributions that can be added up: counts in bins whose width grows with the value.

A whole number keeps its leading bits (the idea of HdrHistogram, Tene 2012): up to `2 << bits` it is
its own bin, above that there are `1 << bits` bins for each doubling, so the middle of a bin is off
by at most 1 / (2 << bits), 3 % for times. Two histograms are merged by adding counts, which makes a
day out of minutes, and a service out of hosts, without another look at the calls. t-digest and
DDSketch were looked at: the first is not exact under merging, the second needs a logarithm a value.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from codegenesis.genome.statistics import Z95, Estimate

#: Bin → count.
Histogram = dict[int, int]

#: Leading bits that are kept of times, and of sizes.
TIMES, SIZES = 4, 2


def bin_of(value: int, *, bits: int = TIMES) -> int:
    """The bin of a whole number; those of negative numbers are mirrored below zero."""
    if value < 0:
        return -1 - bin_of(-value, bits=bits)
    shift = value.bit_length() - bits - 1
    return value if shift <= 0 else (shift << bits) + (value >> shift)


def edges(index: int, *, bits: int = TIMES) -> tuple[int, int]:
    """The least and the greatest whole number of a bin."""
    if index < 0:
        low, high = edges(-1 - index, bits=bits)
        return -high, -low
    shift = (index >> bits) - 1
    if shift <= 0:
        return index, index
    lead = index - (shift << bits)
    return lead << shift, ((lead + 1) << shift) - 1


def histogram(times: Iterable[int]) -> Histogram:
    """Count times, which are never negative: `bin_of` in line, as every call comes by here."""
    return dict(
        Counter(
            [
                each
                if (shift := each.bit_length() - TIMES - 1) <= 0
                else (shift << TIMES) + (each >> shift)
                for each in times
            ]
        )
    )


def merged(histograms: Iterable[Mapping[int, int]]) -> Histogram:
    """The sum of histograms."""
    total: Histogram = {}
    for each in histograms:
        for index, count in each.items():
            total[index] = total.get(index, 0) + count
    return total


def quantile(counts: Mapping[int, int], q: float, *, bits: int = TIMES) -> Estimate:
    """The `q`-quantile of at least one value, with the interval that its order statistics give.

    Value and interval allow for the width of the bins: the middle, the lower and the upper edge.
    """
    n = sum(counts.values())
    spread = Z95 * math.sqrt(n * q * (1 - q))
    ordered = sorted(counts.items())
    low, high = edges(_at(ordered, n * q, n), bits=bits)
    return Estimate(
        value=(low + high) / 2,
        low=edges(_at(ordered, n * q - spread, n), bits=bits)[0],
        high=edges(_at(ordered, n * q + spread + 1, n), bits=bits)[1],
    )


def _at(ordered: list[tuple[int, int]], rank: float, n: int) -> int:
    """The bin of the value of this rank, from 1."""
    left = min(n, max(1, math.ceil(rank)))
    for index, count in ordered:
        left -= count
        if left <= 0:
            return index
    return ordered[-1][0]
