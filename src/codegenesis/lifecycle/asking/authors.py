"""The models of one command: who is asked, and what was learned of them in it.

One fleet and one coder serve all functions of a command, so that a model is started once, money is
counted once, and what worked for one function is tried first on the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median

from codegenesis.core.coders import Coder
from codegenesis.core.models.model import Model

#: Calls in a row without an answer after which a function goes on without models.
MOST_FAILURES = 2
_REMEMBERED = 8

Reward = Callable[[str, float], None]


class Authors:
    """Models that write, with what was learned of them.

    Args:
        parallel: calls in flight at a time.
        reward: is told what came of an answer, by model: 0 nothing, 1 all that was wanted.
        seed: of whatever chance is involved.
    """

    def __init__(
        self,
        model: Model,
        *,
        parallel: int = 1,
        reward: Reward = lambda _model, _value: None,
        seed: int = 0,
    ) -> None:
        self.name = model.name
        self.parallel = parallel
        self.coder = Coder(model, seed=seed)
        self.reward = reward
        self._failures = 0
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def typical_s(self) -> float:
        """Seconds that an answer takes as a rule; 0 while none has come."""
        return median(self._seconds) if self._seconds else 0.0

    @property
    def silent(self) -> bool:
        """Whether so many calls in a row came to nothing that asking on is a waste of time."""
        return self._failures >= MOST_FAILURES

    def forgive(self) -> None:
        """One more chance: what was silent for one function may be there again for the next."""
        self._failures = min(self._failures, MOST_FAILURES - 1)

    def answered(self, seconds: float) -> None:
        """An answer came, after so long."""
        self._failures = 0
        self._seconds.append(seconds)

    def failed(self) -> None:
        """A call came to nothing."""
        self._failures += 1
