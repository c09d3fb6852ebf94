"""Which kinds of edits bring something here, learned while the search runs.

A bandit without arms to choose: the priority of an edit is multiplied by how often its kind
brought a version closer, against the average. Bounded, so that no kind is ever starved.
"""

from __future__ import annotations

from collections import Counter

_DOUBT = 40  # trials of a kind before what it brought counts for half
_LEAST, _MOST = 0.5, 2.5


class Kinds:
    """Counts trials and gains by kind."""

    def __init__(self) -> None:
        self._tried: Counter[str] = Counter()
        self._gained: Counter[str] = Counter()

    def learn(self, kind: str, *, gained: bool) -> None:
        """Note what one trial of a kind came to."""
        self._tried[kind] += 1
        self._gained[kind] += gained

    def factor(self, kind: str) -> float:
        """What to multiply the priority of an edit of this kind by; 1 when nothing is known."""
        tried, gained = self._tried.total(), self._gained.total()
        if not gained:
            return 1.0
        rate = gained / tried
        own = (self._gained[kind] + _DOUBT * rate) / (self._tried[kind] + _DOUBT)
        return min(_MOST, max(_LEAST, own / rate))
