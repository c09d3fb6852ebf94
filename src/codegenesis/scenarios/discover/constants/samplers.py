"""Which numbers next? CMA-ES (extra `discover`), or, without it, a plain evolution strategy.

Both work in steps of each number's own scale, begin at what stands in the program, and take answers
in any order: programs are evaluated side by side, and some never come back. CMA-ES (Hansen 2016)
learns which numbers go together; of `cma`, `nevergrad` and Optuna's sampler it is the one whose
`ask` and `tell` need not alternate, and whose import is light.
"""

from __future__ import annotations

import math
import warnings
from random import Random
from typing import Protocol

#: Dimensions from which covariances are learned only after a time with variances alone.
_MANY = 30
#: Generations without a better score, beside those that the number of dimensions asks for.
_PATIENCE = 25
#: How much longer steps become where none of a generation made a difference.
_ON_FLAT_GROUND = 2.0


class Sampler(Protocol):
    """Proposes steps from the beginning, and is told scores (higher is better)."""

    @property
    def done(self) -> bool:
        """Whether more of it is no use."""

    def ask(self) -> list[float]:
        """A point, in units of each number's scale."""

    def tell(self, point: list[float], score: float | None) -> None:
        """What came of a point; None when it failed."""


def sampler(dimensions: int, *, sigma: float, seed: int) -> Sampler:
    """The best that is installed."""
    if dimensions > 1:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a plotting library that is not there
                import cma  # type: ignore[import-untyped]  # noqa: F401
        except ImportError:
            return Strategy(dimensions, sigma=sigma, seed=seed)
        return Covariance(dimensions, sigma=sigma, seed=seed)
    return Strategy(dimensions, sigma=sigma, seed=seed)


class Covariance:
    """CMA-ES, told a generation at a time as soon as that many answers are there."""

    def __init__(self, dimensions: int, *, sigma: float, seed: int) -> None:
        import cma

        options = {
            "seed": seed % (2**31) + 1,
            "verbose": -9,
            "verb_log": 0,
            "CMA_diagonal": int(20 * math.sqrt(dimensions)) if dimensions >= _MANY else 0,
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._strategy = cma.CMAEvolutionStrategy([0.0] * dimensions, sigma, options)
        self._answers: list[tuple[list[float], float]] = []
        self._size = int(self._strategy.popsize)
        self._best, self._since, self._worst = -math.inf, 0, math.inf
        self._patience = _PATIENCE + 2 * dimensions
        self._waiting: list[list[float]] = []
        self._asked = False

    @property
    def done(self) -> bool:
        """See `Sampler`."""
        return self._since > self._patience or float(self._strategy.sigma) < 1e-7

    def ask(self) -> list[float]:
        """See `Sampler`."""
        if not self._waiting:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                asked = self._strategy.ask(self._size)
            self._asked = True
            self._waiting = [[float(x) for x in each] for each in asked]
        return self._waiting.pop()

    def tell(self, point: list[float], score: float | None) -> None:
        """See `Sampler`."""
        if score is not None:
            self._worst = min(self._worst, score)
        self._answers.append((point, -math.inf if score is None else score))
        if len(self._answers) >= self._size:
            self._learn()

    def _learn(self) -> None:
        answers, self._answers = self._answers, []
        scores = [score for _, score in answers]
        top = max(scores)
        self._since = 0 if top > self._best else self._since + 1
        self._best = max(self._best, top)
        if not math.isfinite(top):
            return  # nothing to go by
        lowest = self._worst - 1 - abs(self._worst)
        losses = [-score if math.isfinite(score) else -lowest for score in scores]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not self._asked:  # answers to older questions filled a generation on their own
                self._strategy.ask(1)
            self._strategy.tell([point for point, _ in answers], losses)
            if top == min(scores):
                self._strategy.sigma *= _ON_FLAT_GROUND
        self._waiting, self._asked = [], False


class Strategy:
    """(1+1) evolution strategy with the one-fifth rule (Rechenberg, 1973)."""

    def __init__(self, dimensions: int, *, sigma: float, seed: int) -> None:
        self._rng = Random(seed)
        self._best: tuple[list[float], float] = ([0.0] * dimensions, -math.inf)
        self._sigma, self._since = sigma, 0
        self._patience = 100 + 20 * dimensions

    @property
    def done(self) -> bool:
        """See `Sampler`."""
        return self._since > self._patience or self._sigma < 1e-7

    def ask(self) -> list[float]:
        """See `Sampler`."""
        share = self._rng.choice((1.0, 0.3))
        moved = [x + self._step(share) for x in self._best[0]]
        return moved if moved != self._best[0] else [x + self._step(1.0) for x in moved]

    def _step(self, share: float) -> float:
        return self._rng.gauss(0, self._sigma) if self._rng.random() < share else 0.0

    def tell(self, point: list[float], score: float | None) -> None:
        """See `Sampler`."""
        if score is not None and score > self._best[1]:
            self._best, self._since = (point, score), 0
            self._sigma *= 1.4
        else:
            self._since += 1
            self._sigma *= 0.92
