"""What a canary has shown so far, in a few numbers: one running total, O(1) per call.

A canary can last an hour at hundreds of calls a second, and the engine looks at it several times a
second; reading it from the start each time would cost more than it decides. So samples go in once,
in the order in which the store has them, and what `sequential.judge` needs stays.

Pairs are the k-th control with the k-th variant call *of the same process*: calls are randomised,
so partners are alike on average, and being neighbours in time they share whatever the machine is
doing (drift cancels in the ratio). Unpaired calls wait in a queue of `QUEUE`; at a weight other
than one half the oldest of the more frequent arm are let go. Which are let go depends on the coin
alone, never on what was measured, so it biases nothing.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable

from codegenesis.delivery.anytime import Moments
from codegenesis.model import Arm, Sample

#: Unpaired calls that are kept per process and arm.
QUEUE = 64


class Tally:
    """Running total of one canary.

    Args:
        warm_up: pairs that set the threshold of a slow call and are then not judged by it.

    Attributes:
        pairs: pairs so far.
        log_ratio: moments of log(control CPU / variant CPU) over pairs in which both returned.
        slow: how often (control, variant) of a pair were above the control's p95 of the warm-up.
        failed: how often (control, variant) of a pair raised.
        calls, cpu_ns: calls and CPU per arm, paired or not; `cpu_ns` of timed pairs only.
        errors: exception types per arm, with counts.
        regressions: variant calls that raised where the old code, retried, did not.
    """

    def __init__(self, *, warm_up: int) -> None:
        self.pairs = 0
        self.log_ratio = Moments()
        self.slow: Counter[tuple[bool, bool]] = Counter()
        self.failed: Counter[tuple[bool, bool]] = Counter()
        self.calls: Counter[Arm] = Counter()
        self.cpu_ns: Counter[Arm] = Counter()
        self.errors: dict[Arm, Counter[str]] = {"control": Counter(), "variant": Counter()}
        self.regressions: list[Sample] = []
        self.slow_above_ns: int | None = None
        self._warm_up_size = warm_up
        self._warm_up: list[int] = []
        self._waiting: dict[tuple[str, Arm], deque[Sample]] = {}

    def extend(self, samples: Iterable[Sample]) -> None:
        """Take samples in; each sample of a release must be handed over once."""
        for sample in samples:
            self.add(sample)

    def add(self, sample: Sample) -> None:
        """Take one sample in, and the pair that it completes, if any."""
        self.calls[sample.arm] += 1
        if sample.error:
            self.errors[sample.arm][sample.error] += 1
        if sample.regression:
            self.regressions.append(sample)
        other: Arm = "control" if sample.arm == "variant" else "variant"
        partners = self._queue(sample.process, other)
        if not partners:
            self._queue(sample.process, sample.arm).append(sample)
        elif sample.arm == "variant":
            self._add_pair(partners.popleft(), sample)
        else:
            self._add_pair(sample, partners.popleft())

    def new_errors(self) -> set[str]:
        """Exception types of the variant that the control has not shown."""
        return set(self.errors["variant"]) - set(self.errors["control"])

    def share_of_errors(self, arm: Arm) -> float:
        """Share of the arm's calls that raised, 0..1."""
        return sum(self.errors[arm].values()) / max(1, self.calls[arm])

    def share_of_slow(self, arm: Arm) -> float:
        """Share of the arm's judged calls above the control's p95 of the warm-up, 0..1."""
        side = 0 if arm == "control" else 1
        hits = sum(count for slow, count in self.slow.items() if slow[side])
        return hits / max(1, self.slow.total())

    def _queue(self, process: str, arm: Arm) -> deque[Sample]:
        return self._waiting.setdefault((process, arm), deque(maxlen=QUEUE))

    def _add_pair(self, control: Sample, variant: Sample) -> None:
        self.pairs += 1
        self.failed[bool(control.error), bool(variant.error)] += 1
        if control.error or variant.error:
            return  # how long it takes to fail says nothing about speed
        before, after = max(1, control.cpu_ns), max(1, variant.cpu_ns)
        self.log_ratio.add(math.log(before / after))
        self.cpu_ns["control"] += before
        self.cpu_ns["variant"] += after
        self._add_tail(before, after)

    def _add_tail(self, before: int, after: int) -> None:
        if self.slow_above_ns is not None:
            self.slow[before > self.slow_above_ns, after > self.slow_above_ns] += 1
            return
        self._warm_up.append(before)
        if len(self._warm_up) >= self._warm_up_size:
            self.slow_above_ns = sorted(self._warm_up)[int(0.95 * (len(self._warm_up) - 1))]
            self._warm_up.clear()
