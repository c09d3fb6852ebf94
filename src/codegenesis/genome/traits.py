"""From sampled calls to traits: what a gene costs, how it grows, how often it fails or repeats.

This works on single calls, of one gene and not too many; what is rolled up is told by
`genome.history`, in the same words.

Everything is estimated per burst and then averaged over bursts, because the probe samples clusters
of calls: a burst of sixteen calls is nearer to one independent measurement than to sixteen.

`cpu_share` multiplies the rate of calls *while the burst lasted* with the mean CPU of its calls.
For a function that is called in clusters this overstates the long-run share (the probe is only
awake while calls come in); it ranks genes well, and is not an accounting.

`complexity` is the slope of log CPU over log size, of the parameter whose size explains CPU best.
Constant overhead at small sizes pulls it down: 1.6 measured is often 2 in truth.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Collection, Sequence

from codegenesis.genome import figures
from codegenesis.genome.bursts import Burst, bursts, sizes
from codegenesis.genome.figures import DISTINCT, PERCENTILES, SPREAD, Figures
from codegenesis.genome.statistics import (
    bootstrap,
    fit,
    mean,
    proportion,
    quantile,
    slope,
)
from codegenesis.genome.summary import call_of, summarise, total
from codegenesis.model import Gene, Observation, Process, Trait

#: The bootstrap resamples at most this many of the newest bursts.
NEWEST = 400


def measure(
    gene: Gene,
    observations: Collection[Observation],
    *,
    processes: Collection[Process] = (),
    variant: str = "",
    at_ns: int | None = None,
) -> list[Trait]:
    """Traits of one gene (or of one variant of it) from its observations.

    Args:
        observations: of any gene and variant; those that do not match are ignored.
        processes: application processes that were alive meanwhile; ones in which the gene was
            never called bring `cpu_share` down. Without them only calling processes count.
        at_ns: time to write on the traits; now when None.

    Returns:
        `cpu_share calls_per_s cpu_ns_mean cpu_ns_p50 … wall_ns_p99 tail_ratio error_rate
        crash_groups repeat_rate complexity drift input.NAME`, each only where the observations
        carry it; none when there are no observations.
    """
    seen = [o for o in observations if o.gene == gene.id and o.variant == variant]
    if not seen:
        return []
    seed = int.from_bytes(gene.id.encode()[-4:], "big")
    groups = bursts(seen)[-NEWEST:]
    estimates = {
        **_load(groups, processes=processes, seed=seed),
        **_costs(seen, groups, seed=seed),
        **_failures(seen),
        **_repeats(seen),
        **_complexity(seen, seed=seed),
        **_inputs(seen),
    }
    estimates |= figures.tail(estimates)
    stamp = time.time_ns() if at_ns is None else at_ns
    return [
        figures.trait(gene.id, name, figure, at_ns=stamp, variant=variant)
        for name, figure in estimates.items()
    ]


def _load(groups: Sequence[Burst], *, processes: Collection[Process], seed: int) -> Figures:
    rated = [burst for burst in groups if burst[0].burst_rate > 0]
    if not rated:
        return {}
    calling = {burst[0].process for burst in rated}
    first_ns = rated[0][0].at_ns
    idle = {p.id for p in processes if p.role == "app" and p.seen_ns >= first_ns} - calling
    alive = len(calling | idle)
    rate = bootstrap(rated, lambda bs: mean([b[0].burst_rate for b in bs]), seed=seed)
    share = bootstrap(rated, lambda bs: mean([_share(b) for b in bs]), seed=seed)
    method = f"burst rate x mean CPU, {len(rated)} bursts in {len(calling)} of {alive} processes"
    return {
        "cpu_share": (
            share.scaled(len(calling) / alive),
            "of one core",
            len(rated),
            f"{method}, bootstrap over bursts",
        ),
        "calls_per_s": (
            rate.scaled(len(calling)),
            "1/s",
            len(rated),
            "mean burst rate, summed over processes, bootstrap over bursts",
        ),
    }


def _share(burst: Burst) -> float:
    return burst[0].burst_rate * mean([call.cpu_ns for call in burst]) / 1e9


def _costs(seen: Sequence[Observation], groups: Sequence[Burst], *, seed: int) -> Figures:
    cpu = sorted(float(o.cpu_ns) for o in seen)
    wall = sorted(float(o.wall_ns) for o in seen)
    average = bootstrap(
        groups, lambda bs: mean([mean([o.cpu_ns for o in b]) for b in bs]), seed=seed
    )
    ranks = "nearest rank, interval from order statistics"
    return {
        "cpu_ns_mean": (average, "ns", len(seen), "mean of burst means, bootstrap over bursts"),
        **{
            f"{clock}_ns_{name}": (quantile(values, q), "ns", len(seen), ranks)
            for clock, values in (("cpu", cpu), ("wall", wall))
            for name, q in PERCENTILES.items()
        },
    }


def _failures(seen: Sequence[Observation]) -> Figures:
    failed = sum(1 for o in seen if o.error)
    return {"error_rate": (proportion(failed, len(seen)), "of calls", len(seen), "Wilson interval")}


def _repeats(seen: Sequence[Observation]) -> Figures:
    """Share of calls that the same process had made before: a cache lives in one process."""
    known: dict[str, set[str | bytes]] = defaultdict(set)
    repeats = counted = 0
    for call in sorted(seen, key=lambda o: o.at_ns):
        identity = call.call_digest or call.call
        if identity is None:
            continue
        counted += 1
        repeats += identity in known[call.process]
        known[call.process].add(identity)
    if not counted:
        return {}
    method = "calls seen before among the sampled, per process (a lower bound), Wilson interval"
    return {"repeat_rate": (proportion(repeats, counted), "of calls", counted, method)}


def _complexity(seen: Sequence[Observation], *, seed: int) -> Figures:
    by_parameter: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for call in seen:
        if call.cpu_ns <= 0 or call.error:
            continue
        for name, size in sizes(call).items():
            by_parameter[name].append((math.log(size), math.log(call.cpu_ns)))
    usable = {name: points for name, points in by_parameter.items() if _spread(points)}
    if not usable:
        return {}
    name = max(usable, key=lambda key: (fit(usable[key]), key))
    points = usable[name][-2000:]
    estimate = bootstrap(points, slope, seed=seed, rounds=200)
    method = f"slope of log CPU over log size of `{name}`, bootstrap over calls"
    return {"complexity": (estimate, "exponent", len(points), method)}


def _inputs(seen: Sequence[Observation]) -> Figures:
    """Shapes and failures, and what the newest quarter of the calls was handed otherwise."""
    calls = [call_of(each) for each in sorted(seen, key=lambda o: o.at_ns)]
    newest = len(calls) - len(calls) // 4
    older, recent = summarise(calls[:newest]), summarise(calls[newest:])
    whole = total((older, recent))
    return {
        **figures.shapes(whole),
        **figures.crash_groups(whole),
        **figures.drift(older, recent),
    }


def _spread(points: Sequence[tuple[float, float]]) -> bool:
    values = {x for x, _ in points}
    return len(values) >= DISTINCT and max(values) - min(values) >= math.log(SPREAD)
