"""The burst: a trampoline that stands in front of a function for a few calls, and then is gone.

Measured on 3.11, ns added per call of a trivial function: 0.8 with a burst of 16 calls each 100 ms,
against 250 for a `functools.wraps` timer that stays. Between bursts nothing is in the path.

Only the outermost call of a thread is recorded. A function that calls itself, directly or through
others, gets its own code back for the time of that call, so that its recursion costs what it
always costs, in time and in depth; other threads' calls go unseen meanwhile.

A call that suspends (coroutine, generator) is driven step by step to its end (`suspending`), and is
a call of the burst from its first step on: until then nothing of it has run.
"""

from __future__ import annotations

import itertools
import time
import types
from collections.abc import Callable

from codegenesis.runtime.capture import Capture, Raw
from codegenesis.runtime.closures import nested, with_free
from codegenesis.runtime.course import Course
from codegenesis.runtime.live import Cells, LiveGene
from codegenesis.runtime.local import Cost, Moment, Purse, local, now, since, watched
from codegenesis.runtime.meter import Meter
from codegenesis.runtime.net import Args, Kwargs
from codegenesis.runtime.suspending import driven, gives, suspends

__all__ = ["Burst", "Purse", "arm", "disarm"]

_NONE = Cost(0, 0)


class Burst:
    """`size` calls of the current version, recorded; then the function is bare again.

    Attributes:
        calls: outermost calls seen so far.
        last_ns: `perf_counter_ns` when the last of them began.
    """

    def __init__(self, gene: LiveGene, *, size: int, capture: Capture, purse: Purse) -> None:
        self.gene = gene
        self.brings = None
        self.size = size
        self.variant = gene.current.variant  # not the version: records must not keep code alive
        self.capture = capture
        self.purse = purse
        self.calls = 0
        self.take = itertools.count().__next__  # here, for each closure has an entry of its own
        self.armed_ns = self.last_ns = time.perf_counter_ns()

    def entry(self, cells: Cells = None) -> Callable[..., object]:
        """The probe around the current version."""
        return _probe(self, self.gene.bare(self.gene.current.code, cells), cells)

    def rate(self) -> float:
        """Calls per second from arming to the last call; 0 when there was none."""
        elapsed = self.last_ns - self.armed_ns
        return self.calls * 1e9 / elapsed if self.calls and elapsed > 0 else 0.0

    def after_fork(self) -> None:
        """What a child has seen is not of this burst: it ends there."""

    def take_down(
        self, entered: Moment, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> Raw:
        """Begin the record of one more call."""
        self.calls += 1
        self.last_ns = entered.wall_ns
        return self.capture.before(self, args, kwargs)


def arm(gene: LiveGene, *, size: int, capture: Capture, purse: Purse) -> bool:
    """Start a burst, unless something else stands in front of the gene."""
    with gene.lock:
        if gene.overlay is not None:
            return False
        gene.cover(Burst(gene, size=size, capture=capture, purse=purse))
        return True


def disarm(gene: LiveGene) -> None:
    """End a burst before its time."""
    with gene.lock:
        if isinstance(gene.overlay, Burst):
            gene.uncover()


def _probe(burst: Burst, run: types.FunctionType, cells: Cells) -> Callable[..., object]:
    gene = burst.gene
    suspending = suspends(run.__code__)
    through = _driven if suspending else _called

    def probe(*args: object, **kwargs: object) -> object:
        within = local.inside.get(gene)
        if within is not None:
            return nested(gene, burst, within, cells)(*args, **kwargs)
        entered = now()
        number = burst.take()
        # Another thread came in while the last call went by; or too many calls do not end.
        if number >= burst.size or (suspending and burst.capture.full()):
            gene.uncover(burst)
            return run(*args, **kwargs)
        raw = burst.take_down(entered, args, with_free(kwargs, gene, cells))
        if number == burst.size - 1:
            gene.uncover(burst)
        return through(burst, _Record(burst, raw, args, kwargs, cells), run, entered)

    return probe


class _Record:
    """One call on its way to the agent; `course.Listener` of a call that suspends."""

    __slots__ = ("args", "burst", "cells", "kwargs", "raw")

    def __init__(self, burst: Burst, raw: Raw, args: Args, kwargs: Kwargs, cells: Cells) -> None:
        self.burst = burst
        self.raw = raw
        self.args = args
        self.kwargs = kwargs
        self.cells = cells

    def given(self) -> tuple[Args, Kwargs]:
        """Arguments and free variables as they are by now."""
        return self.args, with_free(self.kwargs, self.burst.gene, self.cells)

    def returned(self, course: Course, result: object) -> None:
        if gives(course.run.__code__):
            self.left(course)
            return
        self._ends()
        entered, self.raw.cost = now(), course.cost
        self.burst.capture.returned(self.raw, result, *self.given())
        self.burst.purse.spend(watched(entered, _NONE))

    def raised(self, course: Course, error: Exception) -> None:
        self._ends()
        entered, self.raw.cost = now(), course.cost
        self.burst.capture.raised(self.raw, error, *self.given(), whole=not course.has_given)
        self.burst.purse.spend(watched(entered, _NONE))

    def left(self, course: Course) -> None:
        self._ends()
        self.raw.cost = course.cost
        self.burst.capture.left(self.raw)

    def _ends(self) -> None:
        """It may have begun hours ago: who reads what is new looks for it among what comes now."""
        self.raw.at_ns = time.time_ns()
        self.burst.capture.underway.discard(self.raw)


def _driven(burst: Burst, record: _Record, run: types.FunctionType, entered: Moment) -> object:
    course = Course(
        burst, burst.gene, run, (record.args, record.kwargs), listener=record,
        meter=Meter(burst.purse),
    )  # fmt: skip
    burst.capture.underway.add(record.raw)
    burst.purse.spend(watched(entered, _NONE))
    return driven(course)


def _called(burst: Burst, record: _Record, run: types.FunctionType, entered: Moment) -> object:
    gene = burst.gene
    if gene.recursive:
        gene.step_aside(burst, run.__code__, run.__closure__)
    local.inside[gene] = run
    try:
        return _observed(record, run)
    finally:
        local.inside.pop(gene, None)
        gene.step_back(burst, run.__closure__)
        burst.purse.spend(watched(entered, record.raw.cost))


def _observed(record: _Record, run: types.FunctionType) -> object:
    raw, capture = record.raw, record.burst.capture
    began = now()
    try:
        try:
            result = run(*record.args, **record.kwargs)
        finally:
            raw.cost = since(began)
    except BaseException as error:
        capture.raised(raw, error, *record.given())
        raise
    capture.returned(raw, result, *record.given())
    return result
