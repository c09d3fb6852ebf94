"""What is told to the outside about an application that evolves, read from the store in one go.

Each series is neutral: `prometheus` and `push` render it. What calls cost is told as sums and
distributions over all calls that were ever sampled, so that counters only grow; nothing is told of
single calls. A sampled call is no measure of load: for that there is the trait `calls_per_s`.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from codegenesis.genome.histogram import edges
from codegenesis.genome.summary import Summary, read, total
from codegenesis.genome.survey import survey
from codegenesis.lifecycle.snapshot import GONE_NS, TROUBLE
from codegenesis.model import Process, Record, Stage
from codegenesis.store import Store
from codegenesis.store.buckets import EVER

#: Upper bounds of durations in seconds: 1 us to 17 s, each four times the one before.
BOUNDS: tuple[float, ...] = tuple(1e-6 * 4**step for step in range(13))

#: Calls that are taken up in one go; the rest waits for the next look.
MOST = 200_000

Kind = Literal["counter", "gauge", "histogram"]
Labels = tuple[tuple[str, str], ...]


class Spread(Record, frozen=True, kw_only=True):
    """How durations are distributed.

    Attributes:
        counts: up to each of `BOUNDS`, and beyond the last.
        sum_s: of all of them.
        least_s, most_s: about.
    """

    counts: tuple[int, ...]
    sum_s: float
    least_s: float
    most_s: float


class Point(Record, frozen=True, kw_only=True):
    """One value of a series."""

    labels: Labels = ()
    value: float = 0.0
    spread: Spread | None = None


class Series(Record, frozen=True, kw_only=True):
    """One metric.

    Attributes:
        name: with dots, without its unit.
        help: in words.
        unit: as in UCUM; empty for counts and shares.
    """

    name: str
    kind: Kind
    help: str
    unit: str = ""
    points: tuple[Point, ...]


def figures(store: Store) -> list[Series]:
    """All series as they are now; what is new is taken up first, in case nobody else does.

    Raises:
        StoreError: the store cannot be read or written now.
    """
    survey(store, most=MOST)
    return [*_calls(store), _traits(store), *_loop(store)]


def _calls(store: Store) -> Iterator[Series]:
    parts: dict[str, list[Summary]] = defaultdict(list)
    for bucket in store.buckets.of_width(EVER):
        if bucket.gene:
            parts[bucket.gene].append(read(bucket))
    seen = {_gene(gene): total(each) for gene, each in parts.items()}
    yield _series("gene.calls", "counter", "Sampled calls.", ((k, s.n) for k, s in seen.items()))
    failed = ((labels, each.errors) for labels, each in seen.items())
    yield _series("gene.errors", "counter", "Sampled calls that raised.", failed)
    spent = ((labels, each.cpu_ns / 1e9) for labels, each in seen.items())
    yield _series("gene.cpu", "counter", "CPU of sampled calls.", spent, unit="s")
    yield Series(
        name="codegenesis.gene.duration",
        kind="histogram",
        help="Wall time of sampled calls.",
        unit="s",
        points=tuple(Point(labels=k, spread=_spread(each)) for k, each in seen.items() if each.n),
    )


def _traits(store: Store) -> Series:
    told = (
        ((*_gene(trait.gene), ("trait", trait.name), ("unit", trait.unit)), trait.value)
        for trait in store.traits()
        if math.isfinite(trait.value) and not trait.name.startswith("input.")
    )
    return _series("gene.trait", "gauge", "Measured properties, as `codegenesis genome`.", told)


def _loop(store: Store) -> Iterator[Series]:
    now_ns = time.time_ns()
    stages = Counter(release.stage for release in store.releases())
    staged = (((("stage", stage),), stages[stage]) for stage in get_args(Stage))
    yield _series("releases", "gauge", "Releases by stage.", staged)
    kinds = Counter("refused" if gene.refused else "evolved" for gene in store.genes())
    known = (((("kind", kind),), kinds[kind]) for kind in ("evolved", "refused"))
    yield _series("genes", "gauge", "Functions that are known.", known)
    alive = store.processes(seen_since_ns=now_ns - GONE_NS)
    shares = ((_process(each), each.probe_share) for each in alive if each.role == "app")
    words = "Share of a process' CPU that watching took since it began."
    yield _series("probe.share", "gauge", words, shares)
    engines = [each for each in alive if each.role == "engine"]
    yield _alone("engines", "Engines at work.", len(engines))
    troubled = sum(each.note.startswith(TROUBLE) for each in engines)
    yield _alone("engines.troubled", "Engines that cannot evolve here.", troubled)
    yield _alone("frozen", "1 while evolution is frozen.", store.frozen() is not None)


def _series(
    name: str, kind: Kind, words: str, values: Iterable[tuple[Labels, float]], *, unit: str = ""
) -> Series:
    points = tuple(Point(labels=labels, value=float(value)) for labels, value in values)
    return Series(name=f"codegenesis.{name}", kind=kind, help=words, unit=unit, points=points)


def _alone(name: str, words: str, value: float) -> Series:
    return _series(name, "gauge", words, [((), value)])


def _gene(gene: str) -> Labels:
    service, _, target = gene.partition("/")
    return ("service", service), ("function", target)


def _process(process: Process) -> Labels:
    where = (("host", process.host), ("pid", str(process.pid)))
    return ("service", process.service), *where


def _spread(seen: Summary) -> Spread:
    counts = [0] * (len(BOUNDS) + 1)
    for index, count in seen.wall.items():
        counts[bisect_left(BOUNDS, edges(index)[1] / 1e9)] += count
    return Spread(
        counts=tuple(counts),
        sum_s=seen.wall_ns / 1e9,
        least_s=edges(min(seen.wall))[0] / 1e9,
        most_s=edges(max(seen.wall))[1] / 1e9,
    )
