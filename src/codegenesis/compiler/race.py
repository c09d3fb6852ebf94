"""Who is faster? Original and variant take turns in fresh processes; the CPU clock decides.

Each pair of processes (`track`) gives one ratio, and the interval of their middle (`statistics`) at
a simultaneous confidence of 99 % over all looks is the gain: a variant is faster when the lower
bound reaches what is asked for, and only then. The races are looked at after 6, 12 and 24 pairs.

What a variant does outside the calls is charged to it: CPU spent while calls are decoded or
answers encoded, as far as it is clearly above the original's, and set-up beyond an allowance.
Computing ahead or putting off buys nothing.

Measured by `benchmarks/race_false_positives.py` and `benchmarks/race_power.py`. Rejected:
`perf_counter` (the neighbours' load is in it), the minimum of many runs (it says what was possible,
not what happens; of the estimators tried on the same blocks, median of lap ratios, ratio of
medians, of sums, of minima, of quartiles, the first spread least), one long run per side (drift is
then all on one side).
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from statistics import median
from typing import Literal

from codegenesis.compiler.statistics import CONFIDENCE, Interval, interval, looks
from codegenesis.compiler.track import Died, Pair, Track, medians_ns
from codegenesis.compiler.workload import Workload, plan, remembers
from codegenesis.errors import FragmentError
from codegenesis.model import Gain, Record, Trial, Variant
from codegenesis.sandbox import Executor

#: CPU for assembling a fragment and its imports that is not charged: it is paid once per process.
SET_UP_ALLOWANCE_NS = 10_000_000

#: With fewer pairs an interval says nothing; they may take so many times the budget.
_LEAST_PAIRS = 4
_GRACE = 3

#: Bounds that stand for "nobody knows", as numbers that every format can hold.
_EXTREME = 20.0
_UNBOUNDED = math.exp(_EXTREME)

#: CPU of the original in one block of a race in which each pass needs a process of its own.
_COLD_BLOCK_NS = 2_000_000

RaceVerdict = Literal["faster", "not faster", "undecided", "failed"]

_NO_GAIN = Gain(ratio=0.0, low=0.0, high=0.0, n=0, before_ns=0.0, after_ns=0.0)


class Terms(Record, frozen=True, kw_only=True):
    """The terms of a race.

    Attributes:
        min_gain: the lower bound of the gain must reach this.
        pairs: pairs of processes before the first look; the next ones are after twice as many
            pairs each.
        most_pairs: pairs when it stays undecided.
        laps: most blocks of each side in a pair.
        block_ns: CPU of the original in one block, at least, where repeats allow it.
        set_up_ns: CPU for assembling the fragment and its imports that is not charged.
        budget_s: seconds after which no further pair is begun; the first four, without which
            there is no interval to speak of, may take three times as long.
    """

    min_gain: float = 1.05
    pairs: int = 6
    most_pairs: int = 24
    laps: int = 24
    block_ns: int = 250_000
    set_up_ns: int = SET_UP_ALLOWANCE_NS
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
            measurements={**self.measurements, "ratio": self.gain.ratio},
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
    workload: Workload | None = None,
) -> Race:
    """Race a variant against the original on recorded calls.

    Args:
        source: the variant's fragment.
        calls: recorded calls in recorded order, with repeats.
        original: fragment of the other side; None for the function as it stands.
        workload: what `prepare` made of the same sides and calls, where it is known already.

    Raises:
        SandboxError: the sandbox itself has failed.
    """
    started = time.perf_counter()
    terms = terms or Terms()
    load = workload or prepare(executor, qualname, source, calls, original=original, terms=terms)
    track = Track(executor, qualname, original, source, load, most_laps=terms.laps)
    try:
        ended = _run(track, terms, deadline=started + terms.budget_s)
    except (Died, FragmentError) as error:
        ended = Race(verdict="failed", reason=str(error))
    return Race(
        gain=ended.gain,
        verdict=ended.verdict,
        reason=ended.reason,
        measurements={**ended.measurements, "calls": len(load.calls) * load.passes},
        seconds=time.perf_counter() - started,
    )


def prepare(
    executor: Executor,
    qualname: str,
    source: str,
    calls: Sequence[bytes],
    *,
    original: str | None = None,
    terms: Terms | None = None,
) -> Workload:
    """What each block of a race would run; the same for all variants that are alike `cold`."""
    cold = is_cold(source, original)
    block_ns = (terms or Terms()).block_ns
    block_ns = max(_COLD_BLOCK_NS, block_ns) if cold else block_ns
    return plan(executor, qualname, calls, original=original, cold=cold, block_ns=block_ns)


def is_cold(source: str, original: str | None) -> bool:
    """Must each pass have a process of its own, since a side may remember the last one?"""
    return remembers(source) or bool(original and remembers(original))


def _run(track: Track, terms: Terms, *, deadline: float) -> Race:
    grace_s, spent = (_GRACE - 1) * terms.budget_s, 0.0
    for look in looks(terms.pairs, terms.most_pairs):
        late = False
        while len(track.pairs) < look.pairs and not late:
            track.pair()
            last = deadline + (grace_s if len(track.pairs) < _LEAST_PAIRS else 0)
            late = time.perf_counter() > last or track.hopeless
        # Time ends a race whatever it showed: this look may spend what later ones would have.
        ended = _judge(track, terms, CONFIDENCE + spent if late else look.confidence)
        spent += 1 - look.confidence
        if late or ended.verdict != "undecided":
            break
    return ended


def _judge(track: Track, terms: Terms, confidence: float) -> Race:
    charge_ns, idle_ns = _charge_ns(track.pairs, confidence, terms.set_up_ns), track.idle_ns
    found = _gain(track, charge_ns, confidence)
    ratio, low, high = found
    calls = len(track.load.calls) * track.load.passes
    before_ns, after_ns = medians_ns(track.pairs, idle_ns)
    gain = Gain(
        ratio=ratio,
        low=low,
        high=high,
        n=len(track.pairs),
        before_ns=before_ns / calls,
        after_ns=(after_ns + charge_ns) / calls,
    )
    return Race(
        gain=gain,
        verdict=_verdict(found, terms.min_gain),
        reason=_words(found, terms.min_gain, charge_ns, len(track.pairs)),
        measurements={
            "charged_ns": float(charge_ns),
            "pairs": float(len(track.pairs)),
            "laps": float(sum(len(pair.laps) for pair in track.pairs)),
            "idle_ns": idle_ns,
        },
    )


def _gain(track: Track, charge_ns: float, confidence: float) -> Interval:
    """Of the ratios of the pairs; a single one says nothing of how far off it may be."""
    ratios = [pair.ratio(charge_ns, track.idle_ns) for pair in track.pairs]
    found = interval([math.log(ratio) for ratio in ratios], confidence=confidence)
    if len(ratios) == 1:
        return Interval(ratios[0], 0.0, _UNBOUNDED)
    low, high = max(found.low, -_EXTREME), min(found.high, _EXTREME)
    return Interval(math.exp(found.middle), math.exp(low), math.exp(high))


def _verdict(found: Interval, min_gain: float) -> RaceVerdict:
    if found.low >= min_gain:
        return "faster"
    return "not faster" if found.high < min_gain else "undecided"


def _words(found: Interval, min_gain: float, charge_ns: float, pairs: int) -> str:
    words = f"{found.middle:.2f}× the original's speed"
    if pairs > 1:
        words += f" (99 % interval {found.low:.2f} to {found.high:.2f}, {pairs} pairs)"
    else:
        words += " (a single pair: no interval)"
    if found.low < min_gain:
        words += f", at least {min_gain:.2f}× is asked for"
    if charge_ns:
        words += f"; charged {charge_ns / 1e6:.2f} ms per block for work outside the calls"
    return words


def _charge_ns(pairs: Sequence[Pair], confidence: float, free_ns: int) -> float:
    """CPU per block that the variant spent outside the calls, as far as it is clearly its own: the
    lower bound, so that noise alone costs nothing."""
    extra = [
        float(median(lap.new.overhead_ns - lap.old.overhead_ns for lap in pair.laps))
        for pair in pairs
    ]
    set_up = median(pair.set_up_ns for pair in pairs)
    clear = max(0.0, interval(extra, confidence=confidence).low)
    return clear + max(0.0, set_up - free_ns)
