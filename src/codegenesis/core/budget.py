"""What a run may spend: seconds, trials, money; whichever ends first ends the run.

Written as people say it: `10min`, `500trials`, `2usd`, or several with commas. Money is spent by
paid models alone; without one a budget of money ends nothing, so it is never the only limit.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable

from codegenesis.errors import UsageError
from codegenesis.model import Record

_UNITS_S = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
_TRIALS = frozenset({"trial", "trials"})
_MONEY = frozenset({"usd", "$"})
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z$]+)")


class Budget(Record, frozen=True, kw_only=True):
    """What may be spent; infinity means no limit.

    Attributes:
        seconds: of wall time.
        trials: versions that are tried.
        usd: on paid models.
    """

    seconds: float = math.inf
    trials: float = math.inf
    usd: float = math.inf

    @classmethod
    def parse(cls, text: str) -> Budget:
        """A budget from words like `10min`, `500trials`, `2usd`, `1h,2usd`.

        Raises:
            UsageError: a part has another form, is zero, or says the same thing twice.
        """
        found: dict[str, float] = {}
        for part in (each.strip().lower() for each in text.split(",")):
            name, value = _part(part, text)
            if name in found:
                raise _unclear(text)
            found[name] = value
        return cls(**found)

    def within(self, other: Budget) -> Budget:
        """The smaller of both, limit by limit."""
        return Budget(
            seconds=min(self.seconds, other.seconds),
            trials=min(self.trials, other.trials),
            usd=min(self.usd, other.usd),
        )

    def ended_by(self, other: Budget) -> Budget:
        """This one; with the seconds of another where nothing but money would end it."""
        if math.isinf(self.seconds) and math.isinf(self.trials):
            return self.within(Budget(seconds=other.seconds))
        return self


class Meter:
    """Counts what is spent against a budget; safe to share between threads.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, budget: Budget, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._trials = 0
        self._usd = 0.0
        self._cancelled = ""

    def spend(self, *, trials: int = 0, usd: float = 0.0) -> None:
        """Note that something was spent."""
        with self._lock:
            self._trials += trials
            self._usd += usd

    def cancel(self, why: str = "stopped") -> None:
        """End whatever runs on this budget at its next look."""
        self._cancelled = why

    @property
    def cancelled(self) -> bool:
        """Whether somebody ended it before its budget did."""
        return bool(self._cancelled)

    @property
    def seconds(self) -> float:
        """Since the meter was made."""
        return self._clock() - self._began

    @property
    def trials(self) -> int:
        """Tried so far."""
        return self._trials

    @property
    def usd(self) -> float:
        """Spent so far."""
        return self._usd

    @property
    def left_s(self) -> float:
        """Seconds left; never below 0."""
        return max(0.0, self.budget.seconds - self.seconds)

    @property
    def left_trials(self) -> float:
        """Trials left; never below 0."""
        return max(0.0, self.budget.trials - self._trials)

    @property
    def over(self) -> str:
        """Why nothing more may be spent, in words; empty while something may."""
        if self._cancelled:
            return self._cancelled
        if self.seconds >= self.budget.seconds:
            return f"its {self.budget.seconds:.3g} s are over"
        if self._trials >= self.budget.trials:
            return f"its {self.budget.trials:g} trials are used up"
        if self._usd >= self.budget.usd:
            return f"its {self.budget.usd:g} USD are spent"
        return ""


def _part(part: str, text: str) -> tuple[str, float]:
    found = _PART.fullmatch(part)
    value = float(found[1]) if found else 0.0
    unit = found[2] if found else ""
    if value <= 0:
        raise _unclear(text)
    if unit in _UNITS_S:
        return "seconds", value * _UNITS_S[unit]
    if unit in _TRIALS:
        return "trials", value
    if unit in _MONEY:
        return "usd", value
    raise _unclear(text)


def _unclear(text: str) -> UsageError:
    return UsageError(
        f"expected a budget like 10min, 500trials or 2usd, got {text!r}",
        remedy="Name each limit once, with commas between: --budget 10min,500trials",
    )
