"""A share of a command's seconds for its search, so that what it finds can still be judged."""

from __future__ import annotations

import msgspec

from codegenesis.core.budget import Meter


class Share(Meter):
    """Some seconds of another meter: what is spent here is spent there, and its end is ours.

    Args:
        seconds: from now on.
    """

    def __init__(self, whole: Meter, seconds: float) -> None:
        super().__init__(msgspec.structs.replace(whole.budget, seconds=seconds))
        self._whole = whole

    def spend(self, *, trials: int = 0, usd: float = 0.0) -> None:
        """See `Meter.spend`."""
        super().spend(trials=trials, usd=usd)
        self._whole.spend(trials=trials, usd=usd)

    @property
    def left_trials(self) -> float:
        """Of the whole."""
        return self._whole.left_trials

    @property
    def over(self) -> str:
        """Of either."""
        if self._whole.over:
            return self._whole.over
        return "the seconds of the search are over" if super().over else ""
