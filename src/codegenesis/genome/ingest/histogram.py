"""How durations are distributed, in a few dozen numbers that can be added up.

Buckets are those of OpenTelemetry's exponential histogram at scale 3: each is 2^(1/8), about 9 %,
wider than the one before, so quantiles are known to within 9 % whatever the unit, and histograms
of different moments and hosts add up exactly. Only buckets that were met are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec

from codegenesis.model import Record

#: Buckets per doubling.
SCALE = 8
#: The largest bucket: 2^63 ns are 292 years.
_LAST = 63 * SCALE


class Histogram(Record, frozen=True, kw_only=True):
    """Counts by bucket: number `i` holds values above 2^(i/8) and up to 2^((i+1)/8)."""

    counts: dict[int, int]

    @property
    def n(self) -> int:
        """How many values."""
        return sum(self.counts.values())


_decode = msgspec.msgpack.Decoder(Histogram).decode


def bucket(value: float) -> int:
    """The number of the bucket that holds a value; everything up to 1 is in the first."""
    return 0 if value <= 1 else min(math.ceil(math.log2(value) * SCALE) - 1, _LAST)


def upper(number: int) -> float:
    """The largest value of a bucket."""
    return float(2 ** ((number + 1) / SCALE))


def packed(counts: Mapping[int, int]) -> bytes:
    """As it is kept in `Event.body`."""
    return msgspec.msgpack.encode(Histogram(counts=dict(counts)))


def unpacked(body: bytes) -> Histogram:
    """What `packed` made; empty when it is none."""
    try:
        return _decode(body) if body else Histogram(counts={})
    except msgspec.DecodeError:
        return Histogram(counts={})


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """All values of all of them."""
    counts: dict[int, int] = {}
    for each in histograms:
        for number, count in each.counts.items():
            counts[number] = counts.get(number, 0) + count
    return Histogram(counts=counts)


def at_rank(histogram: Histogram, rank: float) -> float:
    """The value that stands at a rank (from 1), to within a bucket: its geometric middle."""
    seen, found = 0, 0
    for number in sorted(histogram.counts):
        seen, found = seen + histogram.counts[number], number
        if seen >= rank:
            break
    return float(2 ** ((found + 0.5) / SCALE))
