"""One version through all cases, with its steps counted and its time bounded."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from codegenesis.arena.examples import OutOfTime, Ran
from codegenesis.arena.installing import Place
from codegenesis.arena.messages import Score
from codegenesis.errors import FragmentError

#: A version that did not end in so many cases is not asked for the rest.
_PATIENCE = 2


class Case(Protocol):
    """What versions are tried on.

    Attributes:
        name: for people.
        stateless: it may be run again and again in one process.
    """

    @property
    def name(self) -> str: ...

    @property
    def stateless(self) -> bool: ...

    def run(self) -> Ran:
        """Run it on the version that is in place."""


class Scorer:
    """Puts versions in place and runs the cases.

    Args:
        case_s: CPU seconds allowed for each case.
    """

    def __init__(self, place: Place, cases: Sequence[Case], *, case_s: float) -> None:
        self._place, self._cases, self._case_s = place, cases, case_s

    def score(
        self, source: str, *, steps: int, first_failure: bool = False, ticking: bool = True
    ) -> Score:
        """How this version does; the original is in place again afterwards.

        Args:
            steps: allowed for each case.
        """
        try:
            with self.placed(source, ticking=ticking):
                return self._through(steps, first_failure=first_failure)
        except FragmentError as error:
            return Score(error=str(error)[:300])

    @contextmanager
    def placed(self, source: str, *, ticking: bool = True) -> Iterator[None]:
        """While this version is in place; raises FragmentError."""
        self._place.put(source, ticking=ticking)
        try:
            yield
        finally:
            self._place.restore()

    def _through(self, steps: int, *, first_failure: bool) -> Score:
        ran: list[Ran] = []
        used: list[int] = []
        endless = 0
        for case in self._cases:
            if endless >= _PATIENCE:
                ran.append(Ran("steps", 1.0, 1))
                used.append(0)
                continue
            ran.append(self.run(case, steps))
            used.append(self._place.ticker.used)
            endless += ran[-1].ending in ("steps", "died")
            if first_failure and ran[-1].ending != "passed":
                break
        return Score(
            endings=tuple(each.ending for each in ran),
            distance=tuple(round(each.distance, 6) for each in ran),
            outcomes=tuple(each.outcome for each in ran),
            used=tuple(used),
        )

    def run(self, case: Case, steps: int) -> Ran:
        """One case of the version in place."""
        self._place.renew()
        self._place.ticker.wind(steps)
        try:
            with _clock(self._case_s):
                return case.run()
        except OutOfTime:  # between the end of the case and the end of the clock
            return Ran("died", 1.0, 2)


@contextmanager
def _clock(seconds: float) -> Iterator[None]:
    """An alarm on this process' CPU time."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds / 10)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def ring(_signal: int, _frame: FrameType | None) -> None:
    """The handler of that alarm; once more every tenth of the time, for who swallows it."""
    raise OutOfTime
