"""One budget over many functions: each gets its turn, its share, and a place in the record.

The loop knows nothing of what is done with a function (`Worker`), so `evolve`, `fix` and
`synthesise` share it, and nothing of how it looks (`Watcher`). What one function does not use goes
to those after it: shares are cut anew before each turn, by weight. A step runs on a thread, because
its work is in jailed processes that may take their time to end, while whoever pressed Ctrl-C waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYetError
from typing import Protocol

import msgspec

from codegenesis.core.budget import Budget, Meter
from codegenesis.lifecycle.campaigns.runs import Keeper
from codegenesis.model import Record, RunStep, StepState

#: No turn is shorter than this while there is that much left: less proves nothing.
LEAST_S = 3.0
LEAST_TRIALS = 10
GRACE_S = 3.0
_LOOK_S = 0.1

INTERRUPTED = "interrupted"


class Attempt(Record, frozen=True, kw_only=True):
    """What came of one function's turn.

    Attributes:
        state: `found` or `nothing`; `skipped` when it could not have a turn, `failed` when the turn
            itself went wrong.
        reason, remedy: in words.
        variant: `Variant.id` of what was found.
        gained: figures of what was found, in words.
        trials: that it took.
        cut_short: its share of the budget ended it.
    """

    state: StepState
    reason: str
    remedy: str = ""
    variant: str = ""
    gained: str = ""
    trials: int = 0
    cut_short: bool = False


class Worker(Protocol):
    """Does the work on one function."""

    def attempt(self, step: RunStep, share: Budget) -> Attempt:
        """Give a function its turn; errors that it raises end the run."""

    def cancel(self) -> None:
        """End the turn under way as soon as can be; called from another thread."""


class Watcher(Protocol):
    """Sees how the run goes on."""

    def begins(self, step: RunStep, share: Budget) -> None:
        """A function's turn begins."""

    def ended(self, step: RunStep, attempt: Attempt) -> None:
        """A function's turn has ended."""


class Campaign:
    """The loop over the steps of one run.

    Args:
        meter: of the budget that is left.
        weights: of steps, by position; 1 where there is none.
        grace_s: seconds that a turn may go on after it was asked to stop.
    """

    def __init__(
        self,
        keeper: Keeper,
        meter: Meter,
        worker: Worker,
        watcher: Watcher,
        *,
        weights: Mapping[int, float],
        grace_s: float = GRACE_S,
    ) -> None:
        self._keeper, self._meter = keeper, meter
        self._worker, self._watcher = worker, watcher
        self._weights, self._grace_s = weights, grace_s
        self._stopped = threading.Event()
        self.cut_short = False

    def stop(self, why: str = INTERRUPTED) -> None:
        """End after what can be ended at once; safe from signal handlers and threads."""
        self._meter.cancel(why)
        self._stopped.set()
        self._worker.cancel()

    @property
    def interrupted(self) -> bool:
        """Whether somebody has stopped it."""
        return self._stopped.is_set()

    def run(self) -> None:
        """Give every step that is left its turn, until the budget is spent or somebody stops it.

        However it ends, what was found is kept, and the run says whether it can be gone on with.
        """
        state = self._keeper.run.state
        try:
            while self._keeper.left and not self._meter.over:
                if not self._turn(self._keeper.left[0]):
                    break
        finally:
            state = "stopped" if self._keeper.left else "finished"
            self._keeper.keep(self._meter, state=state)

    def _turn(self, step: RunStep) -> bool:
        share = self.share()
        self._watcher.begins(step, share)
        began = time.monotonic()
        attempt = self._attempt(step, share)
        if attempt is None:
            return False
        self._meter.spend(trials=attempt.trials)
        self.cut_short |= attempt.cut_short
        ended = msgspec.structs.replace(
            step,
            state=attempt.state,
            reason=attempt.reason,
            remedy=attempt.remedy,
            variant=attempt.variant,
            trials=attempt.trials,
            seconds=time.monotonic() - began,
        )
        self._keeper.note(ended)
        self._keeper.keep(self._meter)
        self._watcher.ended(ended, attempt)
        return True

    def share(self) -> Budget:
        """What the next step may spend: its weight among those left, of what is left."""
        left = self._keeper.left
        weights = [self._weights.get(step.position, 1.0) for step in left]
        part = weights[0] / sum(weights)
        meter = self._meter
        return Budget(
            seconds=min(meter.left_s, max(LEAST_S, part * meter.left_s)),
            trials=min(meter.left_trials, max(LEAST_TRIALS, part * meter.left_trials)),
            usd=max(0.0, meter.budget.usd - meter.usd) * part,
        )

    def _attempt(self, step: RunStep, share: Budget) -> Attempt | None:
        """On a daemon thread: an attempt that does not stop in time is left behind."""
        future: Future[Attempt] = Future()

        def work() -> None:
            try:
                future.set_result(self._worker.attempt(step, share))
            except BaseException as error:  # noqa: BLE001 (thread boundary: handed on)
                future.set_exception(error)

        threading.Thread(target=work, name="codegenesis-attempt", daemon=True).start()
        deadline = float("inf")
        while True:
            try:
                found = future.result(timeout=_LOOK_S)
            except NotYetError:
                if not self.interrupted:
                    continue
                deadline = min(deadline, time.monotonic() + self._grace_s)
                if time.monotonic() > deadline:
                    return None
            else:
                # A turn that was cut off by hand proves nothing about the function.
                return None if self.interrupted and found.state != "found" else found
