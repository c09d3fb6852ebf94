"""Who is faster? Original and variant take turns in fresh processes; the CPU clock decides.

Every block is a candidate forked from the same zygote, so neither inherits anything but the
imports. Pairs run in the order A B B A (then B A A B), which cancels drift; each block of the
one is compared with the block of the other next to it, and the median of those ratios with its
99 % bootstrap interval is the gain. CPU is read from outside the process, for the calls alone.

What a variant does outside the calls is charged to it: CPU spent while calls are decoded or
answers encoded, as far as it is clearly above the original's, and set-up beyond an allowance.
Computing ahead or putting off buys nothing.

Measured by `benchmarks/race_false_positives.py`. Rejected: `perf_counter` (the neighbours' load
is in it), the minimum of many runs (it says what was possible, not what happens), one long run
per side (drift is then all on one side).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Literal, NamedTuple

from codegenesis.compiler.statistics import median_interval
from codegenesis.compiler.workload import Workload, plan, remembers
from codegenesis.errors import FragmentError
from codegenesis.model import Gain, Record, Trial, Variant
from codegenesis.sandbox import Executor

#: CPU for assembling a fragment and its imports that is not charged: it is paid once per process.
SET_UP_ALLOWANCE_NS = 10_000_000

RaceVerdict = Literal["faster", "not faster", "undecided", "failed"]

_NO_GAIN = Gain(ratio=0.0, low=0.0, high=0.0, n=0, before_ns=0.0, after_ns=0.0)


class Terms(Record, frozen=True, kw_only=True):
    """The terms of a race.

    Attributes:
        min_gain: the lower bound of the gain must reach this.
        pairs: pairs of blocks pairs before the first look; two ratios each.
        most_pairs: pairs when it stays undecided.
        block_ns: CPU of the original in one block, at least, where repeats allow it.
        budget_s: seconds after which no further pair is begun.
    """

    min_gain: float = 1.05
    pairs: int = 5
    most_pairs: int = 20
    block_ns: int = 2_000_000
    budget_s: float = 30.0


class Race(Record, frozen=True, kw_only=True):
    """How a race ended.

    Attributes:
        verdict: `faster` when the lower bound reaches the terms' `min_gain`, `not faster` when the
            upper bound does not, `failed` when a side died or answered otherwise.
        reason: in words.
    """

    gain: Gain = _NO_GAIN
    verdict: RaceVerdict
    reason: str
    measurements: dict[str, float] = {}
    seconds: float = 0.0

    def trial(self, variant: Variant) -> Trial:
        """The trial of the gate `race`."""
        return Trial(
            variant=variant.id,
            gate="race",
            verdict="passed" if self.verdict == "faster" else "failed",
            checks=self.gain.n,
            detail=self.reason,
            measurements=self.measurements,
            seconds=self.seconds,
            at_ns=time.time_ns(),
        )


def race(
    executor: Executor,
    qualname: str,
    source: str,
    calls: Sequence[bytes],
    *,
    original: str | None = None,
    terms: Terms | None = None,
    seed: int = 0,
) -> Race:
    """Race a variant against the original on recorded calls.

    Args:
        source: the variant's fragment.
        calls: recorded calls in recorded order, with repeats.
        original: fragment of the other side; None for the function as it stands.

    Raises:
        SandboxError: the sandbox itself has failed.
    """
    started = time.perf_counter()
    terms = terms or Terms()
    cold = remembers(source) or bool(original and remembers(original))
    workload = plan(
        executor, qualname, calls, original=original, cold=cold, block_ns=terms.block_ns
    )
    track = _Track(executor, qualname, original, source, workload)
    try:
        ended = _run(track, terms, seed, deadline=started + terms.budget_s)
    except (_Died, FragmentError) as error:
        ended = Race(verdict="failed", reason=str(error))
    return Race(
        gain=ended.gain,
        verdict=ended.verdict,
        reason=ended.reason,
        measurements={**ended.measurements, "calls": len(workload.calls) * workload.passes},
        seconds=time.perf_counter() - started,
    )


class _Died(Exception):
    """A side cannot go on; ends the race, nobody else sees it."""


class _Block(NamedTuple):
    set_up_ns: int
    run_ns: int
    overhead_ns: int


class _Track:
    """Runs blocks and keeps them, as pairs of neighbours (original, variant)."""

    def __init__(
        self, executor: Executor, qualname: str, original: str | None, source: str, load: Workload
    ) -> None:
        self._executor, self._qualname = executor, qualname
        self._original, self._source, self.load = original, source, load
        self.laps: list[tuple[_Block, _Block]] = []

    def pair(self) -> None:
        """A B B A, or B A A B every other time."""
        first_is_original = len(self.laps) % 4 == 0
        for swapped in (False, True):
            if first_is_original != swapped:
                old = self._block(self._original, "original")
                new = self._block(self._source, "variant")
            else:
                new = self._block(self._source, "variant")
                old = self._block(self._original, "original")
            self.laps.append((old, new))

    def _block(self, source: str | None, side: str) -> _Block:
        if self.load.died:
            raise _Died(self.load.died)
        if not self.load.cold:
            return self._pass(source, side, self.load.calls * self.load.passes)
        passes = [self._pass(source, side, self.load.calls) for _ in range(self.load.passes)]
        return _Block(
            passes[0].set_up_ns,
            sum(each.run_ns for each in passes),
            sum(each.overhead_ns for each in passes),
        )

    def _pass(self, source: str | None, side: str, calls: Sequence[bytes]) -> _Block:
        with self._executor.candidate(self._qualname, source) as candidate:
            set_up = candidate.time(())
            timing = candidate.time(calls)
        if timing.died:
            raise _Died(f"the {side} dies in the race ({timing.died})")
        return _Block(set_up.overhead_ns, timing.run_ns, timing.overhead_ns)


def _run(track: _Track, terms: Terms, seed: int, *, deadline: float) -> Race:
    while True:
        track.pair()
        pairs = len(track.laps) // 2
        late = time.perf_counter() > deadline
        if pairs < terms.pairs and not late:
            continue
        ended = _judge(track, terms, seed)
        if ended.verdict != "undecided" or late or pairs >= terms.most_pairs:
            return ended


def _judge(track: _Track, terms: Terms, seed: int) -> Race:
    charge_ns = _charge_ns(track.laps, seed)
    ratios = [old.run_ns / (new.run_ns + charge_ns) for old, new in track.laps]
    ratio, low, high = median_interval(ratios, seed=seed)
    calls = len(track.load.calls) * track.load.passes
    gain = Gain(
        ratio=ratio,
        low=low,
        high=high,
        n=len(ratios),
        before_ns=median(old.run_ns for old, _ in track.laps) / calls,
        after_ns=median(new.run_ns + charge_ns for _, new in track.laps) / calls,
    )
    verdict: RaceVerdict = "undecided"
    if low >= terms.min_gain:
        verdict = "faster"
    elif high < terms.min_gain:
        verdict = "not faster"
    words = f"{ratio:.2f}× the original's speed (99 % interval {low:.2f} to {high:.2f})"
    if verdict != "faster":
        words += f", at least {terms.min_gain:.2f}× is asked for"
    if charge_ns:
        words += f"; charged {charge_ns / 1e6:.2f} ms per block for work outside the calls"
    return Race(
        gain=gain, verdict=verdict, reason=words, measurements={"charged_ns": float(charge_ns)}
    )


def _charge_ns(laps: Sequence[tuple[_Block, _Block]], seed: int) -> float:
    """CPU that the variant spent outside the calls, as far as it is clearly the variant's."""
    extra = [new.overhead_ns - old.overhead_ns for old, new in laps]
    middle, low, _ = median_interval(extra, seed=seed)
    set_up = median(new.set_up_ns for _, new in laps) - median(old.set_up_ns for old, _ in laps)
    return (middle if low > 0 else 0.0) + max(0.0, set_up - SET_UP_ALLOWANCE_NS)
