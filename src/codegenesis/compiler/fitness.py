"""What is a variant worth beside its CPU? Five figures against the original's, each with bounds.

- `cpu`: from the race.
- `wall`: the race's CPU and, on top, the time that recorded calls spend waiting (sleeping, for a
  lock), which no CPU clock sees. What a process waited for its turn on a core is not counted
  (`/proc/PID/schedstat`), and less than 0.2 ms per call is the machine's.
- `memory`: the most that fresh processes took for recorded calls, above what each took before
  (2 to 6 MB, as pages happen to be there); what a variant takes beforehand, clearly more than the
  original, is added. Less than 256 KiB counts as that: the kernel itself does not count exactly.
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
from pathlib import Path
from typing import NamedTuple

import msgspec

from codegenesis.compiler.race import Race
from codegenesis.compiler.resilience import Ordeal
from codegenesis.compiler.statistics import interval
from codegenesis.compiler.workload import Workload, as_fragment, plan
from codegenesis.evidence import Case
from codegenesis.model import Fitness, Record, Variant
from codegenesis.parsing import syntax_tree
from codegenesis.sandbox import Candidate

FIGURES = ("cpu", "wall", "memory", "resilience", "size")

_LEAST_BYTES = 256 << 10
_LEAST_WAIT_NS = 200_000.0
_PAIRS = 4
_MOST_CALLS = 40
_EXTREME = 20.0
_NO_CALL = b""  # no call at all: it is received and refused, and nothing runs


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
    if {"memory", "wall"} & set(figures):
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
    return sum(1 for _ in ast.walk(syntax_tree(source)))


class _Weight(NamedTuple):
    """Memory of a process that was asked for nothing yet, and at its peak; wait per call."""

    idle_bytes: int
    peak_bytes: int
    wait_ns: float

    def net_bytes(self, hoard: int = 0) -> int:
        """What the calls took, and what was taken before them to the same end."""
        return max(_LEAST_BYTES, self.peak_bytes - self.idle_bytes + hoard)


class _Scale:
    """Recorded calls in pairs of fresh processes, for memory and waits."""

    def __init__(self, case: Case, variant: Variant, *, deadline: float) -> None:
        self._executor, self._qualname = case.executor, case.gene.qualname
        original = as_fragment(case.executor, case.gene)
        calls = _dearest(plan(case.executor, case.gene.qualname, case.calls))
        self._pairs: list[tuple[_Weight, _Weight]] = []
        while calls and len(self._pairs) < _PAIRS:
            self._pairs.append((self._weigh(original, calls), self._weigh(variant.source, calls)))
            if time.monotonic() > deadline:
                break

    def memory(self) -> tuple[float, float, float]:
        """Original / variant, with bounds; 1 where nothing could be weighed."""
        if len(self._pairs) < 2:
            return 1.0, 0.0, math.exp(_EXTREME)
        hoard = min(new.idle_bytes for _, new in self._pairs)
        hoard = max(0, hoard - max(old.idle_bytes for old, _ in self._pairs))
        logs = [math.log(old.net_bytes() / new.net_bytes(hoard)) for old, new in self._pairs]
        middle, low, high = interval(logs)
        return (
            math.exp(middle),
            math.exp(max(low, -_EXTREME)),
            math.exp(min(high, _EXTREME)),
        )

    def wall(self, race: Race) -> tuple[float, float, float]:
        """CPU and waits together; the least waits that were seen, since neighbours only add."""
        gain = race.gain
        if not gain.ratio or not self._pairs:
            return 1.0, 0.0, math.exp(_EXTREME)
        old = min(pair[0].wait_ns for pair in self._pairs)
        new = min(pair[1].wait_ns for pair in self._pairs)
        before = gain.before_ns + old
        return (
            before / (gain.before_ns / gain.ratio + new),
            before / (gain.before_ns / max(gain.low, 1e-9) + new),
            before / (gain.before_ns / gain.high + new),
        )

    def _weigh(self, source: str | None, calls: Sequence[bytes]) -> _Weight:
        with self._executor.candidate(self._qualname, source) as candidate:
            idle_bytes = candidate.call(_NO_CALL).peak_bytes
            weighed = [_weighed(candidate, call) for call in calls]
        wait_ns = sum(each.wait_ns for each in weighed) / len(weighed)
        peak_bytes = max(each.peak_bytes for each in weighed)
        return _Weight(idle_bytes, peak_bytes, wait_ns if wait_ns > _LEAST_WAIT_NS else 0.0)


def _weighed(candidate: Candidate, call: bytes) -> _Weight:
    queued = _queued_ns(candidate)
    outcome = candidate.call(call)
    queued = _queued_ns(candidate) - queued
    return _Weight(0, outcome.peak_bytes, max(0, outcome.wall_ns - outcome.cpu_ns - queued))


def _queued_ns(candidate: Candidate) -> int:
    """Time that a candidate and this thread were ready to run and did not get a core."""
    total = 0
    for who in ("thread-self", str(getattr(candidate, "pid", "thread-self"))):
        try:
            total += int(Path(f"/proc/{who}/schedstat").read_bytes().split()[1])
        except (OSError, IndexError, ValueError):
            continue  # the kernel does not say, or the candidate has died
    return total


def _dearest(load: Workload) -> list[bytes]:
    """Distinct calls, dearest first: they need the most memory, and a peak stays."""
    cost = dict(zip(load.calls, load.costs_ns, strict=True))
    return sorted(cost, key=lambda call: -cost[call])[:_MOST_CALLS]
