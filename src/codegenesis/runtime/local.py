"""What each thread knows of itself: which genes it is inside of, and what watching has cost it.

The trampolines use it to tell an outermost call from a recursion, and to keep their own cost out
of what they measure: a probe inside a probed function adds to `cpu_ns`, the outer one subtracts.
Reading a thread's CPU clock is a system call (0.3 to 1 us), so that is measured once and taken off.
"""

from __future__ import annotations

import threading
import time
import types
from typing import NamedTuple, Protocol


class Purse(Protocol):
    """Where the cost of watching is booked (`governor.Governor`)."""

    def spend(self, cpu_ns: int) -> None:
        """Book CPU nanoseconds that a probe has used in the application's threads."""


class _Local(threading.local):
    """Attributes:
    inside: genes (`LiveGene`) that this thread is in an outermost call of, and what it runs.
    cpu_ns, wall_ns: cost of all probes and routers in this thread so far.
    """

    def __init__(self) -> None:
        self.inside: dict[object, types.FunctionType] = {}
        self.cpu_ns = 0
        self.wall_ns = 0


class Moment(NamedTuple):
    """Both clocks, with the cost of watching up to then in this thread."""

    wall_ns: int
    cpu_ns: int
    watching_wall_ns: int
    watching_cpu_ns: int


class Cost(NamedTuple):
    """What lay between two moments, without the cost of watching."""

    cpu_ns: int
    wall_ns: int


local = _Local()


def now() -> Moment:
    """The clocks of this thread; the CPU clock is read last."""
    watching = local.wall_ns, local.cpu_ns
    return Moment(time.perf_counter_ns(), time.thread_time_ns(), *watching)


def since(began: Moment) -> Cost:
    """What the code between `now()` and here took; the CPU clock is read first."""
    cpu, wall = time.thread_time_ns(), time.perf_counter_ns()
    cpu -= began.cpu_ns + (local.cpu_ns - began.watching_cpu_ns) + _bias.cpu_ns
    wall -= began.wall_ns + (local.wall_ns - began.watching_wall_ns) + _bias.wall_ns
    return Cost(max(cpu, 0), max(wall, 0))


def watched(entered: Moment, inner: Cost) -> int:
    """Book all since `entered` but `inner` as cost of watching; the CPU part of it, in ns.

    Both ends of what is booked are clock readings, so one reading more was spent than is seen.
    """
    total = since(entered)
    cpu_ns = max(total.cpu_ns - inner.cpu_ns, 0) + 2 * _bias.cpu_ns
    local.cpu_ns += cpu_ns
    local.wall_ns += max(total.wall_ns - inner.wall_ns, 0) + 2 * _bias.wall_ns
    return cpu_ns


def _calibrate() -> Cost:
    """The cost of two readings with nothing in between; the least of many is free of noise."""
    costs = [since(now()) for _ in range(64)]
    return Cost(min(cost.cpu_ns for cost in costs), min(cost.wall_ns for cost in costs))


_bias = Cost(0, 0)
_bias = _calibrate()
