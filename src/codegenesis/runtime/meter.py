"""What a call that suspends takes: CPU while its code runs, wall time until its end.

An item of a generator may take 50 ns. The CPU clock is a system call and not as fine as that, so a
step is timed with the wall clock, in which others may have run too; where the CPU clock says that
they did, it is believed. Timing a step takes some 3 us: the first are all timed, then ever fewer,
at random distances, and each stands for those around it. A fixed distance was rejected: it falls in
step with buffers that are filled every 32nd item. What comes when nobody looks any more (`rest`) is
taken to go on as before, in proportion to wall time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from codegenesis.runtime.local import Cost, Purse, local

#: From how many steps on one is timed in how many, on average.
_RARER = ((64, 16), (1024, 64))
#: Costs of measuring are booked in sums of about this much: as if each was one call's.
_BOOKED_NS = 25_000
#: A step that took this much longer than the CPU did was interrupted, or waited.
_INTERRUPTED_NS = 2_000
#: What a step takes beside what its meter does with it, at a guess from measurements.
_STEP_NS = 700

_chance = random.Random()  # ours: the application may have seeded the global one


class _Rest(NamedTuple):
    """When nobody looked any more: wall time of the call up to then, and the clock."""

    wall_ns: int
    at_ns: int


class Meter:
    """Counts from now on.

    Args:
        purse: where the cost of measuring is booked.
    """

    __slots__ = (
        "_begun_ns", "_cpu_ns", "_owed_ns", "_purse", "_rest", "_skip", "_steps", "_watching_ns",
        "_weight",
    )  # fmt: skip

    def __init__(self, purse: Purse) -> None:
        self._purse = purse
        self._cpu_ns = self._watching_ns = self._owed_ns = 0
        self._steps, self._skip, self._weight = 0, 0, 1
        self._rest: _Rest | None = None
        self._begun_ns = time.perf_counter_ns()

    def run(self, advance: Callable[..., Any], *given: object) -> Any:
        """One step."""
        if self._skip:
            self._skip -= 1
            return advance(*given)
        inside = local.cpu_ns, local.wall_ns  # what watching has cost up to here
        cpu_ns = time.thread_time_ns()
        began_ns = time.perf_counter_ns()
        try:
            return advance(*given)
        finally:
            wall_ns = time.perf_counter_ns() - began_ns - (local.wall_ns - inside[1])
            cpu_ns = time.thread_time_ns() - cpu_ns - (local.cpu_ns - inside[0])
            self._book(wall_ns, cpu_ns, local.wall_ns - inside[1])

    def rest(self) -> None:
        """The other steps come without being seen."""
        at_ns = time.perf_counter_ns()
        self._rest = _Rest(at_ns - self._begun_ns - self._watching_ns, at_ns)

    def cost(self) -> Cost:
        """What was taken up to here."""
        at_ns = time.perf_counter_ns()
        self._pay()
        if self._rest is None:
            wall_ns = max(at_ns - self._begun_ns - self._watching_ns, 0)
            return Cost(self._cpu_ns, wall_ns)
        seen_ns = max(self._rest.wall_ns, self._cpu_ns, 1)
        wall_ns = seen_ns + at_ns - self._rest.at_ns
        return Cost(self._cpu_ns * wall_ns // seen_ns, wall_ns)

    def _book(self, wall_ns: int, cpu_ns: int, inside_ns: int) -> None:
        weight = self._weight
        took_ns = wall_ns if wall_ns < cpu_ns + _INTERRUPTED_NS else cpu_ns
        self._steps += weight
        self._cpu_ns += weight * max(took_ns, 0)
        watching_ns = _timing_ns + weight * _STEP_NS
        self._owed_ns += watching_ns
        self._watching_ns += watching_ns + inside_ns
        local.cpu_ns += watching_ns
        local.wall_ns += watching_ns
        if self._owed_ns > _BOOKED_NS:
            self._pay()
        if self._steps >= _RARER[0][0]:
            self._weight = max(mean for steps, mean in _RARER if self._steps >= steps)
            self._skip = int(_chance.random() * (2 * self._weight - 1))

    def _pay(self) -> None:
        owed, self._owed_ns = self._owed_ns, 0
        self._purse.spend(owed)


class _Nobody:
    def spend(self, cpu_ns: int) -> None:
        """Let it go."""


def _calibrate() -> int:
    """What timing a step takes; the least of several means is free of noise."""
    means = []
    for _ in range(4):
        meter, began_ns = Meter(_Nobody()), time.thread_time_ns()
        for _ in range(16):
            meter.run(_nothing)
        means.append((time.thread_time_ns() - began_ns) // 16)
    return min(means)


def _nothing() -> None:
    """A step of no length."""


_timing_ns = 0
_timing_ns = _calibrate()
