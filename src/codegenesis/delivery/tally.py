"""What a canary has shown so far, in a few numbers: one running total, O(1) per call.

A canary can last an hour at hundreds of calls a second, and the engine looks at it several times a
second; reading it from the start each time would cost more than it decides. So samples go in once,
in the order in which the store has them, and what `sequential.judge` needs stays.

Pairs are the k-th control with the k-th variant call *of the same process*: calls are randomised,
so partners are alike on average, and being neighbours in time they share whatever the machine is
doing (drift cancels in the ratio). Unpaired calls wait in a queue of `QUEUE`; at a weight other
than one half the oldest of the more frequent arm are let go. Which are let go depends on the coin
alone, never on what was measured, so it biases nothing. Calls whose draw stuck to a key are joined
first (`joining`): their pairs are pairs of keys.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from statistics import fmean

from codegenesis.delivery.anytime import Moments
from codegenesis.delivery.joining import Joiner, Unit, unit
from codegenesis.model import Arm, Sample

#: Unpaired calls that are kept per process and arm. More would lose fewer pairs (64: 1 %, 16: 3 %),
#: but partners further apart in time, on a machine whose speed drifts, say more of the machine.
QUEUE = 16
#: Segments that are looked at apart, the first that come.
SEGMENTS = 20
#: Comes from the caller. How often says something of the code, that it comes at all does not.
CANCELLED = "asyncio.exceptions.CancelledError"


class Tally:
    """Running total of one canary.

    Args:
        warm_up: pairs that set the threshold of a slow call and are then not judged by it.

    Attributes:
        pairs: pairs so far.
        log_ratio: moments of log(control CPU / variant CPU) over pairs in which both returned; of
            joined calls the mean log counts.
        slow: how often which shares of (control, variant) of a pair were above the control's p95 of
            the warm-up; 0 or 1 for single calls.
        failed: how often (control, variant) of a pair raised.
        calls, cpu_ns: calls and CPU per arm, paired or not; `cpu_ns` of timed pairs only, the mean
            of joined calls.
        errors: exception types per arm, with counts.
        regressions: variant calls that raised where the old code, retried, did not.
        segments: the same for each segment by itself.
    """

    def __init__(self, *, warm_up: int) -> None:
        self.pairs = 0
        self.log_ratio = Moments()
        self.slow: Counter[tuple[float, float]] = Counter()
        self.failed: Counter[tuple[bool, bool]] = Counter()
        self.calls: Counter[Arm] = Counter()
        self.cpu_ns: Counter[Arm] = Counter()
        self.errors: dict[Arm, Counter[str]] = {"control": Counter(), "variant": Counter()}
        self.regressions: list[Sample] = []
        self.slow_above_ns: int | None = None
        self._warm_up_size = warm_up
        self._warm_up: list[int] = []
        self._waiting: dict[tuple[str, Arm], deque[Unit]] = {}
        self._joiner: Joiner[Sample] = Joiner()
        self.segments: dict[str, Tally] = {}

    def extend(self, samples: Iterable[Sample]) -> None:
        """Take samples in; each sample of a release must be handed over once."""
        for sample in samples:
            self.add(sample)

    def add(self, sample: Sample) -> None:
        """Take one sample in, and the pairs that it completes, if any."""
        self._count(sample)
        apart = self._apart(sample.segment)
        if apart is not None:
            apart._count(sample)
        done = self._joiner.add((sample.key, sample.arm), sample) if sample.key else [[sample]]
        for samples in done:
            self._add_unit(unit(samples))

    def _count(self, sample: Sample) -> None:
        self.calls[sample.arm] += 1
        if sample.error:
            self.errors[sample.arm][sample.error] += 1
        if sample.regression:
            self.regressions.append(sample)

    def _apart(self, segment: str) -> Tally | None:
        """What is known of one segment; None for calls of no segment, or of one too many."""
        if segment and segment not in self.segments and len(self.segments) < SEGMENTS:
            self.segments[segment] = Tally(warm_up=self._warm_up_size)
        return self.segments.get(segment)

    def _add_unit(self, unit: Unit) -> None:
        apart = self._apart(unit.segment)
        if apart is not None:
            apart._pair_up(unit)
        self._pair_up(unit)

    def _pair_up(self, unit: Unit) -> None:
        other: Arm = "control" if unit.arm == "variant" else "variant"
        partners = self._queue(unit.process, other)
        if not partners:
            self._queue(unit.process, unit.arm).append(unit)
        elif unit.arm == "variant":
            self._add_pair(partners.popleft(), unit)
        else:
            self._add_pair(unit, partners.popleft())

    def new_errors(self) -> set[str]:
        """Exception types of the variant that the control has not shown."""
        return set(self.errors["variant"]) - set(self.errors["control"]) - {CANCELLED}

    def share_of_errors(self, arm: Arm) -> float:
        """Share of the arm's calls that raised, 0..1."""
        return sum(self.errors[arm].values()) / max(1, self.calls[arm])

    def share_of_slow(self, arm: Arm) -> float:
        """Share of the arm's judged calls above the control's p95 of the warm-up, 0..1."""
        side = 0 if arm == "control" else 1
        hits = sum(slow[side] * count for slow, count in self.slow.items())
        return hits / max(1, self.slow.total())

    def _queue(self, process: str, arm: Arm) -> deque[Unit]:
        return self._waiting.setdefault((process, arm), deque(maxlen=QUEUE))

    def _add_pair(self, control: Unit, variant: Unit) -> None:
        self.pairs += 1
        self.failed[control.failed, variant.failed] += 1
        before, after = control.cpu_ns, variant.cpu_ns
        if not before or not after:
            return  # how long it takes to fail says nothing about speed
        self.log_ratio.add(fmean(map(math.log, before)) - fmean(map(math.log, after)))
        self.cpu_ns["control"] += sum(before) // len(before)
        self.cpu_ns["variant"] += sum(after) // len(after)
        self._add_tail(control, variant)

    def _add_tail(self, control: Unit, variant: Unit) -> None:
        limit = self.slow_above_ns
        if limit is not None:
            self.slow[control.share_above(limit), variant.share_above(limit)] += 1
            return
        self._warm_up.extend(control.cpu_ns)
        if len(self._warm_up) >= self._warm_up_size:
            self.slow_above_ns = sorted(self._warm_up)[int(0.95 * (len(self._warm_up) - 1))]
            self._warm_up.clear()
