"""What a call that suspends takes: CPU while its code runs, wall time until its end.

Reading the clocks takes some 2 us, an item of a generator may take 50 ns. So the first steps are
all timed, then ever fewer, at random distances, and each stands for those around it. A fixed
distance was rejected: it falls in step with buffers that are filled every 32nd item.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from codegenesis.runtime.local import Cost, Moment, Purse, local, now, since, watched

#: From how many steps on one is timed in how many, on average.
_RARER = ((64, 16), (1024, 64), (16_384, 1024))
#: What a step takes that is not timed, at a guess from measurements.
_UNTIMED_NS = 200
#: Costs of measuring are booked in sums of about this much: as if each was one call's.
_BOOKED_NS = 25_000

_chance = random.Random()  # ours: the application may have seeded the global one


class Meter:
    """Counts from now on.

    Args:
        purse: where the cost of measuring is booked.
    """

    __slots__ = (
        "_begun_ns", "_cpu_ns", "_owed_ns", "_purse", "_skip", "_steps", "_watching_ns", "_weight",
    )  # fmt: skip

    def __init__(self, purse: Purse) -> None:
        self._purse = purse
        self._cpu_ns = self._watching_ns = self._owed_ns = 0
        self._steps, self._skip, self._weight = 0, 0, 1
        self._begun_ns = time.perf_counter_ns()

    def run(self, advance: Callable[..., Any], *given: object) -> Any:
        """One step."""
        if self._skip:
            self._skip -= 1
            return advance(*given)
        entered, began = now(), now()
        try:
            return advance(*given)
        finally:
            self._book(entered, since(began))

    def cost(self) -> Cost:
        """What was taken up to here."""
        wall_ns = time.perf_counter_ns() - self._begun_ns - self._watching_ns
        self._pay()
        return Cost(self._cpu_ns, max(wall_ns, 0))

    def _book(self, entered: Moment, cost: Cost) -> None:
        weight = self._weight
        self._steps += weight
        self._cpu_ns += weight * cost.cpu_ns
        self._owed_ns += watched(entered, cost) + (weight - 1) * _UNTIMED_NS
        self._watching_ns += local.wall_ns - entered.watching_wall_ns
        if self._owed_ns > _BOOKED_NS:
            self._pay()
        if self._steps >= _RARER[0][0]:
            self._weight = max(mean for steps, mean in _RARER if self._steps >= steps)
            self._skip = int(_chance.random() * (2 * self._weight - 1))

    def _pay(self) -> None:
        owed, self._owed_ns = self._owed_ns, 0
        self._purse.spend(owed)
