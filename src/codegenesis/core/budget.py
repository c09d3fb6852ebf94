"""What a run may spend: seconds, trials, money, tokens, calls; whichever ends first ends the run.

Written as people say it: `10min`, `500trials`, `2usd`, `50ktokens`, `100calls`, or several with
commas. Money, tokens and calls are spent on models alone; without one a budget of them ends
nothing, so they are never the only limit.

A call's price is known only when it is over, and several are under way at once: whoever only looks
at what is spent overruns by all of those. So the worst that a call may cost is *held* before it is
made and settled afterwards; held and spent together never exceed the budget.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable
from types import TracebackType

from codegenesis.errors import BudgetSpentError, UsageError
from codegenesis.model import Record

_UNITS_S = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
_UNITS = {
    **{unit: ("seconds", factor) for unit, factor in _UNITS_S.items()},
    **dict.fromkeys(("trial", "trials"), ("trials", 1.0)),
    **dict.fromkeys(("usd", "$"), ("usd", 1.0)),
    **dict.fromkeys(("call", "calls"), ("calls", 1.0)),
    **dict.fromkeys(("token", "tokens"), ("tokens", 1.0)),
    "ktokens": ("tokens", 1e3),
    "mtokens": ("tokens", 1e6),
}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z$]+)")

#: How often somebody who waits for others' calls to be settled looks whether to go on waiting.
_LOOK_S = 0.05

#: Sums of many small prices may be off by this much of a dollar.
_ROUNDING_USD = 1e-9


class Budget(Record, frozen=True, kw_only=True):
    """What may be spent; infinity means no limit.

    Attributes:
        seconds: of wall time.
        trials: versions that are tried.
        usd: on paid models.
        tokens: of questions and answers together, as the models' servers count them.
        calls: questions to models.
    """

    seconds: float = math.inf
    trials: float = math.inf
    usd: float = math.inf
    tokens: float = math.inf
    calls: float = math.inf

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
            tokens=min(self.tokens, other.tokens),
            calls=min(self.calls, other.calls),
        )

    def ended_by(self, other: Budget) -> Budget:
        """This one; with the seconds of another where nothing but models would end it."""
        if math.isinf(self.seconds) and math.isinf(self.trials):
            return self.within(Budget(seconds=other.seconds))
        return self


class Hold:
    """What is held for one call to a model; settle it once the cost is known.

    As a context manager it gives back everything on leaving, unless it was settled before.

    Attributes:
        usd, tokens, calls: the worst that the call may cost.
    """

    def __init__(self, meter: Meter, *, usd: float, tokens: int, calls: int) -> None:
        self.usd = usd
        self.tokens = tokens
        self.calls = calls
        self._meter = meter
        self._settled = False

    def settle(self, *, usd: float = 0.0, tokens: int = 0, calls: int | None = None) -> None:
        """Note the real cost and give back the rest; only the first time counts.

        Args:
            usd, tokens: of them, no more than is held is charged: who says otherwise is wrong.
            calls: all that are held when left out.
        """
        with self._meter._changed:
            if self._settled:
                return
            self._settled = True
            self._meter._settle(
                self,
                usd=min(max(usd, 0.0), self.usd),
                tokens=min(max(tokens, 0), self.tokens),
                calls=self.calls if calls is None else calls,
            )
            self._meter._changed.notify_all()

    def spend_all(self) -> None:
        """Settle it at the worst: what the call cost will never be known."""
        self.settle(usd=self.usd, tokens=self.tokens)

    def release(self) -> None:
        """Settle it at nothing: the call was not made, or cost nothing."""
        self.settle(calls=0)

    def __enter__(self) -> Hold:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class Meter:
    """Counts what is spent against a budget; safe to share between threads.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, budget: Budget, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self._clock = clock
        self._began = clock()
        self._changed = threading.Condition()
        self._trials = 0
        self._usd = self._held_usd = 0.0
        self._tokens = self._held_tokens = 0
        self._calls = self._held_calls = 0
        self._cancelled = ""
        self._exhausted = ""

    def spend(self, *, trials: int = 0, usd: float = 0.0) -> None:
        """Note that something was spent."""
        with self._changed:
            self._trials += trials
            self._usd += usd

    def reserve(
        self,
        *,
        usd: float = 0.0,
        tokens: int = 0,
        calls: int = 1,
        cancelled: threading.Event | None = None,
    ) -> Hold:
        """Hold the worst that a call may cost, before it is made.

        Where it fits only once other calls are settled, this waits for them.

        Args:
            cancelled: ends the waiting when it is set.

        Raises:
            BudgetSpentError: it does not fit, or the time is over.
        """
        hold = Hold(self, usd=usd, tokens=tokens, calls=calls)
        with self._changed:
            while not self._fits(hold, beside=True):
                why = self.over or self._misfit(hold)
                if cancelled is not None and cancelled.is_set():
                    why = "cancelled"
                if why:
                    raise BudgetSpentError(why, remedy="Give it more: --budget …")
                self._changed.wait(_LOOK_S)
            self._held_usd += usd
            self._held_tokens += tokens
            self._held_calls += calls
        return hold

    def exhaust(self, why: str) -> None:
        """Note that what is left is too little for anything: `over` says so from now on."""
        self._exhausted = self._exhausted or why

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
    def tokens(self) -> int:
        """Spent so far."""
        return self._tokens

    @property
    def calls(self) -> int:
        """Questions asked so far."""
        return self._calls

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
        for spent, limit, words in (
            (self._trials, self.budget.trials, "trials are used up"),
            (self._usd, self.budget.usd, "USD are spent"),
            (self._tokens, self.budget.tokens, "tokens are used up"),
            (self._calls, self.budget.calls, "calls are used up"),
        ):
            if spent >= limit:
                return f"its {limit:g} {words}"
        return self._exhausted

    def _fits(self, hold: Hold, *, beside: bool) -> bool:
        """Whether it fits: `beside` what is held for others, or once that came to nothing."""
        limits = self.budget
        usd = self._usd + (self._held_usd if beside else 0.0) + hold.usd
        tokens = self._tokens + (self._held_tokens if beside else 0) + hold.tokens
        calls = self._calls + (self._held_calls if beside else 0) + hold.calls
        within = tokens <= limits.tokens and calls <= limits.calls
        return within and usd <= limits.usd + _ROUNDING_USD and not self.over

    def _misfit(self, hold: Hold) -> str:
        """Why it will not fit whatever becomes of others' calls; empty where it may yet."""
        limits = self.budget
        if self._fits(hold, beside=False):
            return ""
        if self._usd + hold.usd > limits.usd + _ROUNDING_USD:
            left = f"{max(0.0, limits.usd - self._usd):.3g} of its {limits.usd:g} USD"
            return f"{left} are left, and a call may cost {hold.usd:.3g}"
        if self._tokens + hold.tokens > limits.tokens:
            left = f"{limits.tokens - self._tokens:g} of its {limits.tokens:g} tokens"
            return f"{left} are left, and a call may take {hold.tokens}"
        return f"its {limits.calls:g} calls are used up"

    def _settle(self, hold: Hold, *, usd: float, tokens: int, calls: int) -> None:
        self._held_usd = max(0.0, self._held_usd - hold.usd)
        self._held_tokens -= hold.tokens
        self._held_calls -= hold.calls
        self._usd += usd
        self._tokens += tokens
        self._calls += calls


def _part(part: str, text: str) -> tuple[str, float]:
    found = _PART.fullmatch(part)
    value = float(found[1]) if found else 0.0
    name, factor = _UNITS.get(found[2] if found else "", ("", 0.0))
    if value <= 0 or not name:
        raise _unclear(text)
    return name, value * factor


def _unclear(text: str) -> UsageError:
    return UsageError(
        f"expected a budget like 10min, 500trials, 2usd, 50ktokens or 100calls, got {text!r}",
        remedy="Name each limit once, with commas between: --budget 10min,500trials",
    )
