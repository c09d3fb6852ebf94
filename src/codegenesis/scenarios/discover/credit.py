"""Which proposer writes next: the one that improves most for the time that it takes.

Probability matching with a floor (Thierens 2005, "An adaptive pursuit strategy"): shares follow
what each lately earned per second, old earnings fade, and nobody falls under the floor, because
what is useless on the first program may be what the hundredth needs. Counting improvements alone
was rejected: a model that takes two seconds and a mutation that takes two milliseconds would be
even at one improvement each.

Where a run is to repeat to the letter, every proposal costs the same: seconds do not repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

#: What became of a draft, and what that is worth.
BEST, BETTER, KEPT, NOTHING = 1.0, 0.5, 0.1, 0.0

_FADING = 0.98
_FLOOR = 0.1
_BELIEF = 4.0
_BATCH_FADING = 0.3


class Credit:
    """Earnings of proposers, by name.

    Args:
        timed: a second is what counts; otherwise a proposal.
    """

    def __init__(self, names: Sequence[str], *, timed: bool) -> None:
        self._timed = timed
        self._earned = dict.fromkeys(names, 0.0)
        self._paid = dict.fromkeys(names, 0.0)
        self._batch = dict.fromkeys(names, 1.0)
        self._all_paid, self._all_count = 0.0, 0.0

    def wrote(self, name: str, drafts: int) -> None:
        """Note how many programs a proposer had to offer at once."""
        self._batch[name] += _BATCH_FADING * (max(1, drafts) - self._batch[name])

    def earn(self, name: str, value: float, *, seconds: float) -> None:
        """Note what a draft came to.

        Args:
            value: 0..1.
            seconds: that it took to write and to evaluate.
        """
        cost = max(seconds, 1e-6) if self._timed else 1.0
        self._earned[name] = self._earned[name] * _FADING + value
        self._paid[name] = self._paid[name] * _FADING + cost
        self._all_paid = self._all_paid * _FADING + cost
        self._all_count = self._all_count * _FADING + 1.0

    def shares(self, names: Sequence[str]) -> list[float]:
        """Shares of these in what is written, which sum to 1."""
        floor = min(_FLOOR, 0.5 / len(names))
        rates = [self._rate(name) for name in names]
        total = sum(rates)
        return [floor + (1 - floor * len(names)) * rate / total for rate in rates]

    def pick(self, names: Sequence[str], chance: Random) -> str:
        """One of these; whoever writes many programs at once is asked the less often."""
        shares = zip(names, self.shares(names), strict=True)
        weights = [share / self._batch[name] for name, share in shares]
        return chance.choices(list(names), weights)[0]

    def _rate(self, name: str) -> float:
        """Earnings per second, begun with the belief of a few ordinary proposals that were kept."""
        ordinary = self._all_paid / self._all_count if self._all_count else 1.0
        believed = _BELIEF * KEPT
        return (self._earned[name] + believed) / (self._paid[name] + _BELIEF * ordinary)
