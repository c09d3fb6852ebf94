"""Figures of a summary of calls: the part of the traits that needs no single calls any more.

`measure` takes them from observations at hand, `recall` from roll-ups. A figure is an estimate with
its unit, the number of observations that it rests on, and how it was come by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from codegenesis.genome.histogram import SIZES, edges, quantile
from codegenesis.genome.inputs import Parameter
from codegenesis.genome.statistics import Estimate, average, proportion, stability
from codegenesis.genome.summary import KEPT, Summary
from codegenesis.model import Trait

#: Sizes must differ by this factor, and take this many values, before an exponent is believed.
SPREAD, DISTINCT = 4.0, 4
#: Names begin so where they are followed by the name of a parameter.
INPUT = "input."
#: The share of calls that is seen below each percentile that is told.
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
#: A distribution is compared in about so many bins.
_FIFTHS = 5
#: Fewer calls than this on either side are no ground to speak of a change.
_LEAST = 32
_RANKS = "from a histogram (bins of 6 %), interval from order statistics"

#: Estimate, unit, number of observations, method.
Figure = tuple[Estimate, str, int, str]
Figures = dict[str, Figure]


def trait(gene: str, name: str, figure: Figure, *, at_ns: int, variant: str = "") -> Trait:
    """A figure with its name, as a trait of the gene with this id."""
    estimate, unit, n, method = figure
    return Trait(
        gene=gene,
        name=name,
        value=estimate.value,
        unit=unit,
        low=estimate.low,
        high=estimate.high,
        n=n,
        method=method,
        variant=variant,
        at_ns=at_ns,
    )


def load(seen: Summary, *, alive: int) -> Figures:
    """Share of CPU and rate of calls, from what bursts had to say.

    Args:
        alive: processes of the application; at least those that called it are assumed.
    """
    bursts, calling = seen.bursts, len(seen.processes)
    if not bursts.n:
        return {}
    alive = max(alive, calling)
    how = f"burst rate x mean CPU, {bursts.n} bursts in {calling} of {alive} processes"
    return {
        "cpu_share": (
            average(bursts.n, bursts.share, bursts.share_squared).scaled(calling / alive),
            "of one core",
            bursts.n,
            f"{how}, interval over bursts",
        ),
        "calls_per_s": (
            average(bursts.n, bursts.rate, bursts.rate_squared).scaled(calling),
            "1/s",
            bursts.n,
            "mean burst rate, summed over processes, interval over bursts",
        ),
        "cpu_ns_mean": (
            average(bursts.n, bursts.cpu_ns, bursts.cpu_ns_squared),
            "ns",
            seen.n,
            "mean of burst means, interval over bursts",
        ),
    }


def latency(seen: Summary) -> Figures:
    """Percentiles of CPU and of wall time."""
    return {
        f"{clock}_ns_{name}": (quantile(counts, q), "ns", seen.n, _RANKS)
        for clock, counts in (("cpu", seen.cpu), ("wall", seen.wall))
        for name, q in PERCENTILES.items()
    }


def tail(known: Mapping[str, Figure]) -> Figures:
    """How much worse the slowest calls are than the usual one, by wall time."""
    if "wall_ns_p50" not in known or "wall_ns_p99" not in known:
        return {}
    middle, high = known["wall_ns_p50"][0], known["wall_ns_p99"][0]
    if middle.value <= 0:
        return {}
    ratio = Estimate(
        value=high.value / middle.value,
        low=high.low / middle.high if middle.high else 0.0,
        high=high.high / middle.low if middle.low else math.inf,
    )
    method = "p99 / p50 of wall time, interval from those of both"
    return {"tail_ratio": (ratio, "ratio", known["wall_ns_p99"][2], method)}


def failures(seen: Summary) -> Figures:
    """Share of calls that fail, and in how many ways."""
    found: Figures = {
        "error_rate": (proportion(seen.errors, seen.n), "of calls", seen.n, "Wilson interval")
    }
    return {**found, **crash_groups(seen)}


def crash_groups(seen: Summary) -> Figures:
    """In how many ways calls fail; none is said of what never failed."""
    if not seen.failures:
        return {}
    ways = float(len(seen.failures))
    worst = max(seen.failures.items(), key=lambda item: (item[1].count, item[0]))
    method = f"fingerprints seen (at least); most often {worst[0]} ({worst[1].count} times)"
    exact = Estimate(value=ways, low=ways, high=math.inf)
    return {"crash_groups": (exact, "fingerprints", seen.n, method)}


def repeats(seen: Summary) -> Figures:
    """Share of calls that the same process had made before."""
    if not seen.digested:
        return {}
    n, different = seen.digested, min(seen.distinct(), float(seen.digested))
    error = 0.0 if len(seen.least) < KEPT else 1.96 / math.sqrt(KEPT - 2)
    low, high = (max(0.0, 1 - different * (1 + way) / n) for way in (error, -error))
    estimate = Estimate(value=1 - different / n, low=low, high=min(1.0, high))
    method = f"different calls by their {KEPT} least hashes, per process (a lower bound)"
    return {"repeat_rate": (estimate, "of calls", n, method)}


def complexity(seen: Summary) -> Figures:
    """How cost grows with the size of the parameter that explains it best."""
    usable = {name: each for name, each in seen.inputs.items() if _spread(each)}
    if not usable:
        return {}
    name = max(usable, key=lambda key: (usable[key].growth.fit(), key))
    growth = usable[name].growth
    # Sketches are a sample of the calls, so that few of them can be of more bursts than there are.
    estimate = growth.slope(clusters=min(seen.bursts.n, growth.n))
    method = f"slope of log CPU over log size of `{name}`, least squares, interval over bursts"
    return {"complexity": (estimate, "exponent", growth.n, method)}


def _spread(parameter: Parameter) -> bool:
    sizes = parameter.lengths or parameter.values
    positive = sorted(each for each in sizes if each > 0)
    if len(positive) < DISTINCT or parameter.growth.n < 2 * DISTINCT:
        return False
    return edges(positive[-1], bits=SIZES)[0] >= SPREAD * edges(positive[0], bits=SIZES)[1]


def shapes(seen: Summary) -> Figures:
    """One figure for each parameter: its typical size; types, shapes and ranges in words."""
    found: Figures = {}
    for name, parameter in seen.inputs.items():
        estimate, unit = parameter.typical()
        found[INPUT + name] = (estimate, unit, parameter.n, f"median; {parameter.words()}")
    return found


def drift(older: Summary, recent: Summary) -> Figures:
    """How much inputs have changed, for the parameter that has changed most."""
    found: list[tuple[Estimate, str]] = []
    for name, now in recent.inputs.items():
        before = older.inputs.get(name)
        if before is not None and min(before.n, now.n) >= _LEAST:
            clusters = max(_clusters(older), _clusters(recent))
            found += [(each, f"`{name}` ({how})") for each, how in _changes(before, now, clusters)]
    if not found:
        return {}
    estimate, what = max(found, key=lambda each: (each[0].low, each[0].value, each[1]))
    method = f"PSI of {what}, {recent.n} recent calls against {older.n} older ones, less chance"
    return {"drift": (estimate, "PSI", recent.n, method)}


def _clusters(seen: Summary) -> float:
    """Calls per burst."""
    return max(1.0, seen.n / seen.bursts.n) if seen.bursts.n else 1.0


def _changes(before: Parameter, now: Parameter, clusters: float) -> list[tuple[Estimate, str]]:
    names = sorted({*before.types, *now.types})
    pairs = [("types", [[each.types.get(name, 0) for name in names] for each in (before, now)])]
    for how, old, new in (
        ("length", before.lengths, now.lengths),
        ("value", before.values, now.values),
    ):
        if old and new:
            pairs.append((how, _fifths(old, new)))
    return [
        (stability(old, new, clusters=clusters), how) for how, (old, new) in pairs if len(old) > 1
    ]


def _fifths(old: Mapping[int, int], new: Mapping[int, int]) -> list[list[int]]:
    """Both in bins that hold about a fifth of the old each."""
    fifth, filled = sum(old.values()) / _FIFTHS, 0.0
    counts: list[list[int]] = [[0], [0]]
    for index in sorted({*old, *new}):
        if filled >= fifth:
            filled = 0.0
            for each in counts:
                each.append(0)
        filled += old.get(index, 0)
        counts[0][-1] += old.get(index, 0)
        counts[1][-1] += new.get(index, 0)
    return counts
