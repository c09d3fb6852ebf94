"""Which of several models to ask next: the one that promises most for its cost.

Thompson sampling: each model's share of useful answers is believed to follow a Beta distribution;
one share is drawn from each, divided by what an answer costs, and the highest wins. So a model is
asked about as often as it may be the best, and nothing has to be set. Cost is money and the seconds
of waiting together, since a model that runs here costs time instead of money. Old results count
less (`_MEMORY`), because functions that were easy are done first.

That rule alone would stay with a cheap model that solves nothing until it has failed about as often
as the next one is dearer; so after `_DRY` answers in a row that came to nothing the next question
goes to the strongest one.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Collection

#: What a second of waiting costs, in USD: about a small machine's rent.
_USD_PER_S = 5e-5

#: How much of what is known is kept with each new result.
_MEMORY = 0.98

#: So many answers in a row for nothing, and the next question goes to the strongest.
_DRY = 8


class _Arm:
    def __init__(self, usd: float) -> None:
        self.good = 1.0
        self.bad = 1.0
        self.usd = usd
        self.seconds = 5.0

    def draw(self, rng: random.Random) -> float:
        return rng.betavariate(self.good, self.bad) / (self.usd + self.seconds * _USD_PER_S)


class Bandit:
    """Chooses among models by name; may be used from several threads.

    Args:
        usual: name → expected price of an answer in USD.
        strongest: names, the strongest first.
        seed: of all chance.
    """

    def __init__(self, usual: dict[str, float], *, strongest: tuple[str, ...], seed: int) -> None:
        self._arms = {name: _Arm(usd) for name, usd in usual.items()}
        self._strongest = strongest
        self._rng = random.Random(seed)
        self._lock = threading.Lock()
        self._dry = 0

    def order(self, names: Collection[str], *, strong: bool = False) -> list[str]:
        """These names, the one to ask first at the front.

        Args:
            strong: the strongest first, whatever it costs.
        """
        with self._lock:
            if strong or self._dry >= _DRY:
                self._dry = 0
                return [name for name in self._strongest if name in names]
            drawn = {name: self._arms[name].draw(self._rng) for name in sorted(names)}
        return sorted(drawn, key=drawn.__getitem__, reverse=True)

    def paid(self, name: str, *, usd: float, seconds: float) -> None:
        """Note what an answer cost."""
        with self._lock:
            arm = self._arms[name]
            arm.usd += 0.2 * (usd - arm.usd)
            arm.seconds += 0.2 * (seconds - arm.seconds)

    def reward(self, name: str, value: float) -> None:
        """Note what came of an answer: 0 nothing, 1 the best that could."""
        value = min(1.0, max(0.0, value))
        with self._lock:
            self._dry = 0 if value else self._dry + 1
            if arm := self._arms.get(name):
                arm.good = 1.0 + _MEMORY * (arm.good - 1.0) + value
                arm.bad = 1.0 + _MEMORY * (arm.bad - 1.0) + (1.0 - value)
