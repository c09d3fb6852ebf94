"""Where what comes over OTLP is taken in: one payload after the other, into one roll-up.

Everything in a payload was written by others. Nothing of it is believed: times are held to now,
texts are cut and cleaned of secrets, and there is a bound on how many different things are kept.
What does not fit is counted and said to the sender (`partial_success`), as the protocol has it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

from codegenesis.genome.ingest.places import Places
from codegenesis.genome.ingest.rollup import Key, Rollup
from codegenesis.genome.ingest.values import NAME, TEXT
from codegenesis.model import Event

#: Times this far ahead of our clock are taken for now, and as far back as a day is believed.
_AHEAD_NS, _BACK_NS = 60_000_000_000, 86_400_000_000_000
_REMEMBERED = 16_384
_NAMES = 4096

#: Things that are looked at in one payload, of whatever kind.
MOST = 100_000

MANY = f"more than {MOST} things at once are too many; send smaller batches"
FULL = "there are too many different names just now; give spans and metrics fewer names"


T = TypeVar("T")


class Taken(NamedTuple):
    """What became of a payload: how many were not kept, and why."""

    rejected: int = 0
    why: str = ""


class Desk:
    """Takes in traces, logs and metrics; not for several threads at once.

    Args:
        clean: takes secrets out of a text before it is kept.
        sensitive: says whether the value of an attribute of this name must not be kept.

    Attributes:
        places: where genes are; replace it when genes are added.
        since_ns: when it began to take things in.
    """

    def __init__(
        self,
        *,
        clean: Callable[[str], str],
        sensitive: Callable[[str], bool],
        rollup: Rollup | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.places = Places()
        self.sensitive = sensitive
        self._clean = clean
        self._named = lru_cache(maxsize=_NAMES)(clean)  # names come again and again
        self._rollup = rollup or Rollup()
        self._clock = clock
        self.since_ns = clock()
        self._met: dict[object, object] = {}
        self._rejected, self._why = 0, ""
        self._admitted = 0

    def admitted(self, things: Sequence[T]) -> Sequence[T]:
        """As many of them as one payload may still hold; the rest is rejected."""
        taken = things[: MOST - self._admitted]
        self._admitted += len(taken)
        if len(taken) < len(things):
            self.reject(MANY, len(things) - len(taken))
        return taken

    def add(
        self,
        key: Key,
        *,
        at_ns: int,
        count: int = 1,
        value: float = 0.0,
        distributed: bool = False,
        message: str = "",
        trace: str = "",
    ) -> None:
        """Keep something, or count it as rejected."""
        told = self._rollup.add(
            key,
            at_ns=self._believed(at_ns),
            count=count,
            value=value,
            distributed=distributed,
            message=self.said(message),
            trace=trace,
        )
        if not told:
            self.reject(FULL, count)

    def reject(self, why: str, count: int = 1) -> None:
        """Say that something cannot be kept."""
        self._rejected += count
        self._why = self._why or why

    def outcome(self) -> Taken:
        """What became of the payload that was just taken in."""
        outcome = Taken(self._rejected, self._why)
        self._rejected, self._why, self._admitted = 0, "", 0
        return outcome

    def said(self, message: str) -> str:
        """A text as it may be kept."""
        return self._clean(message[:TEXT]) if message else ""

    def name(self, name: str) -> str:
        """A name as it may be kept."""
        return self._named(name[:NAME]) if name else ""

    def remember(self, what: object, value: object = True) -> object:
        """What was remembered of something before, None at first; the oldest is forgotten."""
        before = self._met.pop(what, None)
        self._met[what] = value
        if len(self._met) > _REMEMBERED:
            del self._met[next(iter(self._met))]
        return before

    def events(self, *, all_of_them: bool = False) -> list[Event]:
        """What is ready to be stored: stretches of time that ended a while ago."""
        now_ns = self._clock()
        # what is under way from a batching sender still belongs into its stretch
        return self._rollup.take(before_ns=1 << 62 if all_of_them else now_ns - 5_000_000_000)

    def _believed(self, at_ns: int) -> int:
        now_ns = self._clock()
        return at_ns if now_ns - _BACK_NS < at_ns < now_ns + _AHEAD_NS else now_ns
