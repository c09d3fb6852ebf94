"""How long a program is waited for: what its peers took says more than a limit for all problems.

A search makes programs that never end, and each would hold a pair of jails for the whole limit that
a problem has, often minutes. A program may take many times as long as the slowest that had a score,
so a search that spends more and more time on purpose gets there step by step.
"""

from __future__ import annotations

import threading

#: Times the slowest so far, and seconds that any program gets.
_TIMES, _LEAST_S = 20, 10.0


class Patience:
    """Limits for one problem; safe to use from several threads.

    Args:
        most_s: seconds that no program may exceed.
    """

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._lock = threading.Lock()
        self._slowest: dict[str, float] = {}

    def limit_s(self, way: str) -> float:
        """Seconds for one evaluation, or one stage of a cascade.

        Args:
            way: how it is evaluated; each way has a pace of its own.
        """
        with self._lock:
            slowest = self._slowest.get(way)
        known = self._most_s if slowest is None else max(_LEAST_S, _TIMES * slowest)
        return min(self._most_s, known)

    def note(self, way: str, seconds: float) -> None:
        """A program had a score after so long."""
        with self._lock:
            self._slowest[way] = max(seconds, self._slowest.get(way, 0.0))
