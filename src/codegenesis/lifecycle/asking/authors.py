"""The models of one command: who is asked, and what was learned of them in it.

One fleet and one coder serve all functions of a command, so that a model is started once, money is
counted once, and what worked for one function is tried first on the next.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from statistics import median

from codegenesis.core.coders import Coder, Habits
from codegenesis.core.models.model import Answer, Model, Request

#: Calls in a row without an answer after which a function goes on without models.
MOST_FAILURES = 2
_REMEMBERED = 8

Reward = Callable[[str, float], None]


class _Desk:
    """Hands a question on to the usual model, or for hard cases to the stronger one."""

    def __init__(self, usual: Model, stronger: Model) -> None:
        self.name = usual.name
        self.hard = False
        self._usual, self._stronger = usual, stronger

    def ask(
        self,
        request: Request,
        *,
        told: Callable[[str], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Answer:
        """See `Model.ask`."""
        model = self._stronger if self.hard else self._usual
        return model.ask(request, told=told, cancelled=cancelled)


class Authors:
    """Models that write, with what was learned of them.

    Args:
        stronger: asked instead where the usual one gets nowhere; the same one when None.
        parallel: calls in flight at a time.
        reward: is told what came of an answer, by model: 0 nothing, 1 all that was wanted.
        seed: of whatever chance is involved.
        habits: what earlier commands learned.
    """

    def __init__(
        self,
        model: Model,
        *,
        stronger: Model | None = None,
        parallel: int = 1,
        reward: Reward = lambda _model, _value: None,
        seed: int = 0,
        habits: Habits | None = None,
    ) -> None:
        self.name = model.name
        self.parallel = parallel
        self._desk = _Desk(model, stronger or model)
        self.coder = Coder(self._desk, seed=seed, habits=habits)
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

    def escalate(self, hard: bool) -> None:
        """From now on the stronger one is asked, or the usual one again."""
        self._desk.hard = hard

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
