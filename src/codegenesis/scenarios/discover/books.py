"""What is counted in a run for people: who wrote what, and how fast it goes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from msgspec.structs import replace

from codegenesis.scenarios.discover.credit import BEST, BETTER, Credit
from codegenesis.scenarios.discover.outcome import Standing, Step, Tally
from codegenesis.scenarios.discover.population import Population

_LATELY = 50


class Books:
    """Counts of one sitting.

    Args:
        names: of the proposers.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._tallies = {name: Tally(name=name) for name in names}
        self._began = time.monotonic()
        self._lately: deque[float] = deque(maxlen=_LATELY)
        self.steps: list[Step] = []

    @property
    def known(self) -> int:
        """Drafts that the run had already."""
        return sum(tally.known for tally in self._tallies.values())

    @property
    def usd(self) -> float:
        """What writing cost."""
        return sum(tally.usd for tally in self._tallies.values())

    @property
    def seconds(self) -> float:
        """Since the sitting began."""
        return time.monotonic() - self._began

    def wrote(self, name: str, *, usd: float, known: bool = False, unfit: bool = False) -> None:
        """A draft came in."""
        tally = self._tallies[name]
        self._tallies[name] = replace(
            tally,
            drafts=tally.drafts + 1,
            known=tally.known + known,
            unfit=tally.unfit + unfit,
            usd=tally.usd + usd,
        )

    def scored(self, name: str, *, valid: bool, worth: float) -> None:
        """A draft was evaluated."""
        tally = self._tallies[name]
        self._lately.append(time.monotonic())
        self._tallies[name] = replace(
            tally,
            evaluated=tally.evaluated + 1,
            valid=tally.valid + valid,
            better=tally.better + (worth >= BETTER),
            best=tally.best + (worth >= BEST),
        )

    def tallies(self, credit: Credit) -> tuple[Tally, ...]:
        """All of them, with the shares that they have by now."""
        shares = credit.shares(list(self._tallies))
        return tuple(
            replace(tally, share=share)
            for tally, share in zip(self._tallies.values(), shares, strict=True)
        )

    def standing(self, population: Population) -> Standing:
        """How the run stands."""
        tops = (archive.best for archive in population.islands.archives)
        return Standing(
            first=population.first.score,
            best=tuple(top.individual.score for top in tops if top),
            evaluated=population.count,
            valid=population.valid,
            known=self.known,
            rate=self._rate(),
        )

    def _rate(self) -> float:
        if len(self._lately) < 2:
            return 0.0
        return len(self._lately) / max(1e-9, time.monotonic() - self._lately[0])
