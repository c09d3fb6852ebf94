"""Which part of the search writes the next batch: the one that has brought most per batch.

Deterministic: what a part has brought, plus what is expected of it before it was ever asked, over
how often it was asked. A part that brings nothing loses its turn to the others slowly, never for
good.
"""

from __future__ import annotations

from typing import Protocol

from codegenesis.core.repair.found import Draft, Version
from codegenesis.core.repair.promise import Promise
from codegenesis.core.repair.trials import Batch

_PRIOR = {"combinations": 3.0, "pairs": 3.0, "deeper": 3.0, "neighbours": 3.0, "evolution": 0.6}
_REWARD = 2.0
_STEP = 0.01


class Part(Protocol):
    """One way to write versions with several edits."""

    name: str

    def write(self, most: int) -> list[Draft]:
        """About so many drafts; none when it has no more."""
        ...

    def learn(self, versions: list[Version]) -> None:
        """What became of versions, whoever wrote them."""
        ...


class Turns:
    """Lets the parts take turns.

    Args:
        parts: in the order in which they begin.
    """

    def __init__(self, parts: list[Part], promise: Promise) -> None:
        self._parts = list(parts)
        self._promise = promise
        self._brought = {part.name: _PRIOR.get(part.name, 1.0) for part in parts}
        self._asked = dict.fromkeys(self._brought, 1.0)
        self._record = 0.0

    def write(self, most: int) -> Batch | None:
        """The next batch; None when no part has more."""
        while self._parts:
            part = max(self._parts, key=lambda each: self._share(each.name))
            self._asked[part.name] += 1
            drafts = part.write(most)
            if drafts:
                return Batch(part.name, drafts)
            self._parts.remove(part)
        return None

    def learn(self, stage: str, versions: list[Version]) -> None:
        """Hand on what became of a batch, and note what it brought."""
        best = max((self._promise.of(version) for version in versions), default=0.0)
        if best > self._record + _STEP:
            self._record = best
            self._brought[stage] += _REWARD
        for part in self._parts:
            part.learn(versions)

    def _share(self, name: str) -> float:
        return self._brought[name] / self._asked[name]
