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
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import Literal, NamedTuple

from codegenesis.compiler.statistics import median_interval
from codegenesis.compiler.workload import Workload, plan, remembers
from codegenesis.errors import FragmentError
from codegenesis.model import Gain, Record, Trial, Variant
from codegenesis.sandbox import Candidate, Executor

#: CPU for assembling a fragment and its imports that is not charged: it is paid once per process.
SET_UP_ALLOWANCE_NS = 10_000_000

#: Neighbouring blocks per pair, and when every block needs processes of its own.
_LAPS = 6
_COLD_LAPS = 4

#: A variant that takes so many times as long is not timed again.
_HOPELESS = 10

RaceVerdict = Literal["faster", "not faster", "undecided", "failed"]

_NO_GAIN = Gain(ratio=0.0, low=0.0, high=0.0, n=0, before_ns=0.0, after_ns=0.0)


class Terms(Record, frozen=True, kw_only=True):
    """The terms of a race.

    Attributes:
        min_gain: the lower bound of the gain must reach this.
        pairs: pairs of processes before the first look.
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
    run_ns: int
    overhead_ns: int


class _Lap(NamedTuple):
    """Neighbouring blocks."""

    old: _Block
    new: _Block


class _Pair(NamedTuple):
    """Two fresh processes and the laps they ran; set-up is that of the variant above the other."""

    laps: list[_Lap]
    set_up_ns: int

    def ratio(self, charge_ns: float) -> float:
        return median(lap.old.run_ns / (lap.new.run_ns + charge_ns) for lap in self.laps)


class _Side:
    """One of the two: starts its processes and runs blocks in them."""

    def __init__(self, executor: Executor, qualname: str, source: str | None, name: str) -> None:
        self._executor, self._qualname = executor, qualname
        self._source, self._name = source, name

    def start(self) -> tuple[Candidate, int]:
        """A fresh process, and the CPU that its set-up took."""
        candidate = self._executor.candidate(self._qualname, self._source)
        return candidate, candidate.time(()).overhead_ns

    def block(self, candidate: Candidate, calls: Sequence[bytes]) -> _Block:
        timing = candidate.time(calls)
        if timing.died:
            raise _Died(f"the {self._name} dies in the race ({timing.died})")
        return _Block(max(1, timing.run_ns), timing.overhead_ns)

    def cold_block(self, load: Workload) -> _Block:
        blocks = []
        for _ in range(load.passes):
            candidate, _ = self.start()
            with candidate:
                blocks.append(self.block(candidate, load.calls))
        return _Block(sum(b.run_ns for b in blocks), sum(b.overhead_ns for b in blocks))


class _Track:
    """Runs pairs and keeps them."""

    def __init__(
        self, executor: Executor, qualname: str, original: str | None, source: str, load: Workload
    ) -> None:
        self._old = _Side(executor, qualname, original, "original")
        self._new = _Side(executor, qualname, source, "variant")
        self.load = load
        self.pairs: list[_Pair] = []

    def pair(self) -> None:
        """Fresh processes for both, and some laps in the order A B B A A B …, or B A A B …"""
        if self.load.died:
            raise _Died(self.load.died)
        calls = self.load.calls * self.load.passes
        with ExitStack() as open_:
            old, old_set_up = self._old.start()
            open_.enter_context(old)
            new, new_set_up = self._new.start()
            open_.enter_context(new)
            cold = self.load.cold
            run_old = (
                partial(self._old.cold_block, self.load)
                if cold
                else partial(self._old.block, old, calls)
            )
            run_new = (
                partial(self._new.cold_block, self.load)
                if cold
                else partial(self._new.block, new, calls)
            )
            laps = self._laps(run_old, run_new, _COLD_LAPS if cold else _LAPS)
        self.pairs.append(_Pair(laps, new_set_up - old_set_up))

    def _laps(
        self, run_old: Callable[[], _Block], run_new: Callable[[], _Block], count: int
    ) -> list[_Lap]:
        laps = []
        for number in range(count):
            if (number + len(self.pairs)) % 2:
                new = run_new()
                old = run_old()
            else:
                old = run_old()
                new = run_new()
            laps.append(_Lap(old, new))
            if all(lap.new.run_ns > _HOPELESS * lap.old.run_ns for lap in laps) and number:
                break
        return laps


def _run(track: _Track, terms: Terms, seed: int, *, deadline: float) -> Race:
    while True:
        track.pair()
        pairs = len(track.pairs)
        late = time.perf_counter() > deadline
        hopeless = max(pair.ratio(0.0) for pair in track.pairs) * _HOPELESS < 1
        if pairs < terms.pairs and not (late or hopeless):
            continue
        ended = _judge(track, terms, seed)
        if ended.verdict != "undecided" or late or pairs >= terms.most_pairs:
            return ended


def _judge(track: _Track, terms: Terms, seed: int) -> Race:
    laps = [lap for pair in track.pairs for lap in pair.laps]
    charge_ns = _charge_ns(track.pairs, seed)
    ratios = [pair.ratio(charge_ns) for pair in track.pairs]
    ratio, low, high = median_interval(ratios, seed=seed)
    calls = len(track.load.calls) * track.load.passes
    gain = Gain(
        ratio=ratio,
        low=low,
        high=high,
        n=len(laps),
        before_ns=median(lap.old.run_ns for lap in laps) / calls,
        after_ns=median(lap.new.run_ns + charge_ns for lap in laps) / calls,
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
        gain=gain,
        verdict=verdict,
        reason=words,
        measurements={"charged_ns": float(charge_ns), "pairs": float(len(ratios))},
    )


def _charge_ns(pairs: Sequence[_Pair], seed: int) -> float:
    """CPU per block that the variant spent outside the calls, as far as it is clearly its own."""
    extra = [
        median(lap.new.overhead_ns - lap.old.overhead_ns for lap in pair.laps) for pair in pairs
    ]
    middle, low, _ = median_interval(extra, seed=seed)
    set_up = median(pair.set_up_ns for pair in pairs)
    return (middle if low > 0 else 0.0) + max(0.0, set_up - SET_UP_ALLOWANCE_NS)
