"""What is a variant worth beside its CPU? Five figures against the original's, each with bounds.

- `cpu`: from the race.
- `wall`: the race's CPU and, on top, the time that recorded calls spend waiting (sleeping, for a
  lock), which no CPU clock sees. Waits of less than 0.2 ms per call are the machine's.
- `memory`: the most that fresh processes took for recorded calls, above what a process takes that
  was asked for nothing. Below 256 KiB the kernel itself does not count exactly, so less is no gain.
- `resilience`: the share of hostile inputs that end as the contract says (`resilience`).
- `size`: nodes of the syntax tree.

CPU and memory have 99 % intervals from pairs of processes, resilience an exact one from the inputs
that only one of the two handles (McNemar), size none: it is exact.
"""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Collection, Sequence

import msgspec

from codegenesis.compiler.race import Race
from codegenesis.compiler.resilience import Ordeal
from codegenesis.compiler.statistics import interval
from codegenesis.compiler.workload import Workload, plan
from codegenesis.evidence import Case
from codegenesis.model import Fitness, Record, Variant

FIGURES = ("cpu", "wall", "memory", "resilience", "size")

_LEAST_BYTES = 256 << 10
_LEAST_WAIT_NS = 200_000.0
_PAIRS = 4
_MOST_CALLS = 40
_EXTREME = 20.0


class Worth(Record, frozen=True, kw_only=True):
    """A fitness vector with its 99 % bounds, figure by figure.

    Attributes:
        hostile: inputs that resilience rests on.
    """

    middle: Fitness = Fitness()
    low: Fitness = Fitness()
    high: Fitness = Fitness()
    hostile: int = 0


def fitness(case: Case, variant: Variant, race: Race) -> Fitness:
    """The fitness vector of a variant that has raced; see `worth` for its bounds."""
    return worth(case, variant, race).middle


def worth(
    case: Case,
    variant: Variant,
    race: Race,
    *,
    figures: Collection[str] = FIGURES,
    budget_s: float = 5.0,
) -> Worth:
    """Measure a variant against the original.

    Args:
        race: its race.
        figures: names of those that are wanted; the others are left at 1.
        budget_s: seconds, about, for memory and resilience together.

    Raises:
        SandboxError: the sandbox itself has failed.
    """
    found = _cpu(race) if "cpu" in figures else Worth()
    if "size" in figures:
        found = _with(found, "size", *[_size(case.gene.source) / _size(variant.source)] * 3)
    if not {"memory", "wall", "resilience"} & set(figures):
        return found
    deadline = time.monotonic() + budget_s
    scale = _Scale(case, variant, deadline=deadline - budget_s / 2)
    if "memory" in figures:
        found = _with(found, "memory", *scale.memory())
    if "wall" in figures:
        found = _with(found, "wall", *scale.wall(race))
    if "resilience" not in figures:
        return found
    ordeal = Ordeal(case, variant, deadline=deadline)
    found = _with(found, "resilience", *ordeal.ratio())
    return msgspec.structs.replace(found, hostile=ordeal.tried)


def _cpu(race: Race) -> Worth:
    gain = race.gain
    return _with(Worth(), "cpu", gain.ratio, gain.low, gain.high)


def _with(found: Worth, name: str, middle: float, low: float, high: float) -> Worth:
    """The same with one more figure."""
    new = {"middle": middle, "low": low, "high": high}
    return msgspec.structs.replace(
        found,
        **{
            part: msgspec.structs.replace(getattr(found, part), **{name: value})
            for part, value in new.items()
        },
    )


def _size(source: str) -> int:
    return sum(1 for _ in ast.walk(ast.parse(source)))


class _Scale:
    """Recorded calls in pairs of fresh processes, for memory and waits."""

    def __init__(self, case: Case, variant: Variant, *, deadline: float) -> None:
        self._executor, self._qualname = case.executor, case.gene.qualname
        load = plan(case.executor, case.gene.qualname, case.calls)
        calls = _dearest(load)
        self._peaks: list[tuple[float, float]] = []
        self._waits: list[tuple[float, float]] = []
        while calls and len(self._peaks) < _PAIRS:
            old, new = self._weigh(None, calls), self._weigh(variant.source, calls)
            self._peaks.append((old[0], new[0]))
            self._waits.append((old[1], new[1]))
            if time.monotonic() > deadline:
                break

    def memory(self) -> tuple[float, float, float]:
        """Original / variant, with bounds; 1 where nothing could be weighed."""
        logs = [math.log(old / new) for old, new in self._peaks]
        if len(logs) < 2:
            return 1.0, 0.0, math.exp(_EXTREME)
        middle, low, high = interval(logs)
        return (
            math.exp(middle),
            math.exp(max(low, -_EXTREME)),
            math.exp(min(high, _EXTREME)),
        )

    def wall(self, race: Race) -> tuple[float, float, float]:
        """CPU and waits together; the least waits that were seen, since neighbours only add."""
        gain = race.gain
        if not gain.ratio or not self._waits:
            return 1.0, 0.0, math.exp(_EXTREME)
        old, new = (min(waits) for waits in zip(*self._waits, strict=True))
        before = gain.before_ns + old
        return (
            before / (gain.before_ns / gain.ratio + new),
            before / (gain.before_ns / max(gain.low, 1e-9) + new),
            before / (gain.before_ns / gain.high + new),
        )

    def _weigh(self, source: str | None, calls: Sequence[bytes]) -> tuple[float, float]:
        """Peak in bytes above an idle process, and the wait per call in nanoseconds."""
        with self._executor.candidate(self._qualname, source) as candidate:
            outcomes = [candidate.call(call) for call in calls]
        peak = max(outcome.peak_bytes for outcome in outcomes)
        waits = [outcome.wall_ns - outcome.cpu_ns for outcome in outcomes]
        wait = sum(waits) / len(waits)
        return float(max(_LEAST_BYTES, peak)), wait if wait > _LEAST_WAIT_NS else 0.0


def _dearest(load: Workload) -> list[bytes]:
    """Distinct calls, dearest first: they need the most memory, and a peak stays."""
    cost = dict(zip(load.calls, load.costs_ns, strict=True))
    return sorted(cost, key=lambda call: -cost[call])[:_MOST_CALLS]
