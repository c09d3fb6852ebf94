"""A race of two versions on recorded traffic: ABBA, fresh processes, CPU clock read from outside.

Every block is a fresh fork of one zygote that runs a slice of the recorded calls *once*, in recorded
order: repeating it would show a cache hits that traffic does not have. The order A B B A cancels what
drifts with time. A block's cost is the CPU of the calls alone, but a version that spends clearly more CPU
than the other outside them (computing ahead while inputs are decoded, or putting work off until results
are encoded) is charged for it.

Measured (DESIGN §7): 5 fresh pairs gave 0.2 % false "3 % faster". Rejected: wall time (holds the
neighbours' load), timing inside the candidate's process (13 of 19 forgeries succeeded), means
(one interrupted block decides).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from codegenesis.compiler.interval import median_interval
from codegenesis.errors import FragmentError
from codegenesis.model import Gain, Record
from codegenesis.sandbox import Executor, Timing

#: CPU outside the calls may exceed the other version's by this share before it is charged.
OVERHEAD_SLACK = 0.25


class RaceRule(Record, frozen=True, kw_only=True):
    """How much is measured.

    Attributes:
        pairs: ABBA rounds at least, and at most while the interval still straddles `threshold`.
        block_ns: CPU of the old version that one block should cost at most.
        threshold: the gain that matters: once the interval is on one side of it, stop.
    """

    pairs: int = 5
    most_pairs: int = 15
    block_ns: int = 40_000_000
    threshold: float = 1.05


class Disqualified(Exception):  # noqa: N818 (an outcome, not a fault)
    """A version died during the race."""


def race(
    executor: Executor,
    qualname: str,
    source: str,
    workload: Sequence[bytes],
    *,
    against: str | None = None,
    rule: RaceRule | None = None,
    seed: int = 0,
) -> Gain:
    """Measure how many times less CPU `source` takes than the original (or `against`).

    Args:
        workload: encoded calls in recorded order; at least one.
        against: fragment to race against; None for the original function.

    Raises:
        Disqualified: one of the two died, or `source` does not fit the function.
    """
    rule = rule or RaceRule()
    track = _Track(executor, qualname, against, source)
    size = track.calls_per_block(workload, rule.block_ns)
    ratios: list[float] = []
    befores: list[float] = []
    while not _settled(ratios, rule, seed):
        start = len(ratios) * size % len(workload)
        slice_ = _window(workload, start, size)
        before, after = track.pair(slice_)
        ratios.append(before / max(after, 1))
        befores.append(before / 2 / len(slice_))
    ratio, low, high = median_interval(ratios, seed=seed)
    before_ns = statistics.median(befores)
    return Gain(
        ratio=ratio,
        low=low,
        high=high,
        n=len(ratios),
        before_ns=before_ns,
        after_ns=before_ns / ratio,
    )


def _settled(ratios: list[float], rule: RaceRule, seed: int) -> bool:
    if len(ratios) < rule.pairs:
        return False
    _, low, high = median_interval(ratios, rounds=400, seed=seed)
    return len(ratios) >= rule.most_pairs or not low < rule.threshold < high


def _window(workload: Sequence[bytes], start: int, size: int) -> list[bytes]:
    """`size` calls from `start` on, without wrapping inside a window."""
    start = min(start, max(0, len(workload) - size))
    return list(workload[start : start + size])


class _Track:
    """The two versions in their lanes."""

    def __init__(self, executor: Executor, qualname: str, old: str | None, new: str) -> None:
        self._executor = executor
        self._qualname = qualname
        self._old = old
        self._new = new

    def calls_per_block(self, workload: Sequence[bytes], block_ns: int) -> int:
        """How many calls of the workload the old version gets done in `block_ns`."""
        spent, count = 0, 0
        for size in (1, 4, 16, 64, 256, len(workload)):
            timing = self._block(self._old, list(workload[:size]))
            spent, count = timing.run_ns, min(size, len(workload))
            if spent > block_ns / 4 or count == len(workload):
                break
        return max(1, min(len(workload), int(count * block_ns / max(spent, 1))))

    def pair(self, calls: list[bytes]) -> tuple[int, int]:
        """CPU ns of (old, new), two blocks each, in the order old new new old."""
        order = (self._old, self._new, self._new, self._old)
        first, second, third, fourth = (self._block(source, calls) for source in order)
        old = first.run_ns + fourth.run_ns
        new = second.run_ns + third.run_ns
        idle_old = first.overhead_ns + fourth.overhead_ns
        idle_new = second.overhead_ns + third.overhead_ns
        return old + _charge(idle_old, idle_new), new + _charge(idle_new, idle_old)

    def _block(self, source: str | None, calls: list[bytes]) -> Timing:
        try:
            with self._executor.candidate(self._qualname, source) as candidate:
                candidate.time(calls[:1])  # takes the cost of assembling, once, out of the picture
                timing = candidate.time(calls)
        except FragmentError as error:
            raise Disqualified(str(error)) from error
        if timing.died:
            raise Disqualified(timing.died)
        return timing


def _charge(own: int, other: int) -> int:
    """What is spent outside the calls beyond what the other version spends there."""
    excess = own - other
    return excess if excess > other * OVERHEAD_SLACK else 0
