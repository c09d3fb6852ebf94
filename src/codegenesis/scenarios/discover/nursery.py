"""New forms on their way to the search for constants.

A form that has just been thought of seldom comes with the right numbers: a table of random entries
scores worse than no table. On its score alone it would die out before anybody turns its numbers, so
what genetic programming writes is held here for a while, whatever it scored, as long as it made a
difference to its parent.
"""

from __future__ import annotations

import threading
from collections import deque
from random import Random

from codegenesis.model import Record

_MOST = 256


class Newborn(Record, frozen=True, kw_only=True):
    """A scored program that nobody has tuned.

    Attributes:
        parent: `Individual.id` of what it was made from.
        score: higher is better.
    """

    program: str
    parent: str
    score: float


class Nursery:
    """The latest new forms; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: deque[Newborn] = deque(maxlen=_MOST)

    def put(self, newborn: Newborn) -> None:
        """Hold one; the oldest goes when there are too many."""
        with self._lock:
            self._held.append(newborn)

    def take(self, rng: Random, *, among: int) -> Newborn | None:
        """The best of a few chosen by chance; it is not given out again."""
        with self._lock:
            if not self._held:
                return None
            places = [rng.randrange(len(self._held)) for _ in range(among)]
            place = max(places, key=lambda at: self._held[at].score)
            chosen = self._held[place]
            del self._held[place]
            return chosen
