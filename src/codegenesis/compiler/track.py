"""Where races are run: pairs of fresh processes that take turns on one core.

Every pair is one process of each side, cloned from the same zygote and moved, with this thread,
to the same core; pairs take the cores in turn. Blocks are short (a quarter of a millisecond) and
neighbours are compared, in the order A B B A. Why so, measured on two shared cores as the standard
deviation of a pair's log ratio in A/A:

- sides wherever the kernel puts them, six laps of 2 ms: 20 % (two cores are not equally fast at
  any moment);
- sides on one core, six laps of 2 ms: 3.5 %; 24 laps of 0.25 ms, in half the time: 1.3 %, since
  what disturbs a core comes and goes within milliseconds.

This thread is on that core too because the kernel brings the clock of a process up to date when it
stops running: read from another core a moment too early, one block in 3000 lacked its last
millisecond, and once all of it (it turned up in the next reading). From the same core it cannot be
running while it is read.

What a request costs beside its calls (about 10 µs) is taken off both sides, as it is measured on
the original alone and at its least: a variant cannot claim any of it, and on a busy machine a gain
comes out a little too small, never too large.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain
from statistics import median
from typing import NamedTuple

from codegenesis.compiler.pin import cores, follow, on_core
from codegenesis.compiler.workload import Workload
from codegenesis.sandbox import Candidate, Executor

#: Laps per pair, at least, of blocks that are not very long, and when every block needs processes
#: of its own.
_LEAST_LAPS = 6
_COLD_LAPS = 4
#: CPU of the original in one pair that is worth more laps than the least, and that is too much.
_PAIR_NS = 6_000_000
_LONG_PAIR_NS = 400_000_000

#: A variant that takes so many times as long is not timed again.
HOPELESS = 10

_LEAST_RUN_NS = 1000


class Died(Exception):
    """A side cannot go on; ends the race, nobody else sees it."""


class Block(NamedTuple):
    """CPU of some calls, and of everything beside them."""

    run_ns: int
    overhead_ns: int


class Lap(NamedTuple):
    """Neighbouring blocks."""

    old: Block
    new: Block


class Pair(NamedTuple):
    """Two fresh processes and the laps they ran; set-up is that of the variant above the other.

    Attributes:
        idle_ns: CPU of a request without calls, of the original.
    """

    laps: list[Lap]
    set_up_ns: int
    idle_ns: int = 0

    def ratio(self, charge_ns: float, idle_ns: float = 0.0) -> float:
        """Old / new, the middle of the laps."""
        return median(
            max(_LEAST_RUN_NS, lap.old.run_ns - idle_ns)
            / max(_LEAST_RUN_NS, lap.new.run_ns - idle_ns + charge_ns)
            for lap in self.laps
        )


class _Side:
    """One of the two: starts its processes and runs blocks in them."""

    def __init__(self, executor: Executor, qualname: str, source: str | None, name: str) -> None:
        self._executor, self._qualname = executor, qualname
        self._source, self._name = source, name

    def start(self) -> tuple[Candidate, int]:
        """A fresh process on the core of this thread, and the CPU that its set-up took."""
        candidate = self._executor.candidate(self._qualname, self._source)
        follow(candidate)
        return candidate, candidate.time(()).overhead_ns

    def block(self, candidate: Candidate, calls: Sequence[bytes]) -> Block:
        timing = candidate.time(calls)
        if timing.died:
            raise Died(f"the {self._name} dies in the race ({timing.died})")
        return Block(max(1, timing.run_ns), timing.overhead_ns)

    def cold_block(self, load: Workload) -> Block:
        blocks = []
        for _ in range(load.passes):
            candidate, _ = self.start()
            with candidate:
                blocks.append(self.block(candidate, load.calls))
        return Block(sum(b.run_ns for b in blocks), sum(b.overhead_ns for b in blocks))


class Track:
    """Runs pairs and keeps them.

    Args:
        original: fragment of the other side; None for the function as it stands.
        source: the variant's fragment.
        most_laps: laps per pair of short blocks; there are fewer of long ones.
    """

    def __init__(
        self,
        executor: Executor,
        qualname: str,
        original: str | None,
        source: str,
        load: Workload,
        *,
        most_laps: int = 24,
    ) -> None:
        self._old = _Side(executor, qualname, original, "original")
        self._new = _Side(executor, qualname, source, "variant")
        self._cores = cores()
        self._most_laps = most_laps
        self.load = load
        self.pairs: list[Pair] = []

    def pair(self) -> None:
        """Fresh processes for both, and some laps.

        Raises:
            FragmentError: the variant does not fit the function.
            SandboxError: the sandbox itself has failed.
        """
        if self.load.died:
            raise Died(self.load.died)
        with on_core(self._cores[len(self.pairs) % len(self._cores)]), ExitStack() as open_:
            old, old_set_up = self._old.start()
            open_.enter_context(old)
            new, new_set_up = self._new.start()
            open_.enter_context(new)
            idle_ns = old.time(()).run_ns
            laps = self._laps(*self._runners(old, new))
        self.pairs.append(Pair(laps, new_set_up - old_set_up, idle_ns))

    @property
    def idle_ns(self) -> float:
        """CPU of one block that is the request's and not the calls': the least that was seen."""
        requests = self.load.passes if self.load.cold else 1
        return float(requests * min(pair.idle_ns for pair in self.pairs))

    @property
    def hopeless(self) -> bool:
        """Is the variant far slower in every pair, of at least three?"""
        return len(self.pairs) >= 3 and max(pair.ratio(0.0) for pair in self.pairs) * HOPELESS < 1

    def _runners(
        self, old: Candidate, new: Candidate
    ) -> tuple[Callable[[], Block], Callable[[], Block]]:
        if self.load.cold:
            return partial(self._old.cold_block, self.load), partial(
                self._new.cold_block, self.load
            )
        calls = self.load.calls * self.load.passes
        return partial(self._old.block, old, calls), partial(self._new.block, new, calls)

    def _laps(self, run_old: Callable[[], Block], run_new: Callable[[], Block]) -> list[Lap]:
        laps: list[Lap] = []
        while not laps or len(laps) < self._enough(laps[0]):
            if (len(laps) + len(self.pairs)) % 2:
                new = run_new()
                old = run_old()
            else:
                old = run_old()
                new = run_new()
            laps.append(Lap(old, new))
            far = all(lap.new.run_ns > HOPELESS * lap.old.run_ns for lap in laps)
            if far and len(laps) > 1:
                break
        return laps

    def _enough(self, lap: Lap) -> int:
        """Laps for a pair, by what the first one took; an even number, for A B B A."""
        if self.load.cold:
            return _COLD_LAPS
        block_ns = max(lap.old.run_ns, lap.new.run_ns)
        affordable = 2 * max(1, _LONG_PAIR_NS // (4 * block_ns))
        wanted = min(self._most_laps, max(_LEAST_LAPS, 2 * (_PAIR_NS // block_ns)))
        return int(min(affordable, wanted))


def medians_ns(pairs: Sequence[Pair], idle_ns: float) -> tuple[float, float]:
    """CPU of a block of the original and of the variant, the middle of all laps."""
    laps = list(chain.from_iterable(pair.laps for pair in pairs))
    old = median(lap.old.run_ns for lap in laps) - idle_ns
    new = median(lap.new.run_ns for lap in laps) - idle_ns
    return max(1.0, old), max(1.0, new)
