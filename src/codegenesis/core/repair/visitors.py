"""Versions from outside that join the search: whoever writes them, they are tried like the rest.

A search of small edits and somebody who writes whole functions fail on different defects, and each
can go on from what the other has. A visitor that passes is one more plausible version, minimised
and ranked with the others; one that does not is bred from, like any version of the islands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from codegenesis.core.repair.found import Draft, Version
from codegenesis.core.repair.trials import Batch

#: How likely a visitor is to be right before it is tried: like a few likely edits together.
_WEIGHT = 0.1


class Visitor(NamedTuple):
    """One version; `name` tells it from all others, and is its `Plausible.stage`."""

    name: str
    source: str

    @property
    def batch(self) -> Batch:
        """To be tried."""
        return Batch(self.name, [Draft(source=self.source, weight=_WEIGHT)])


class Visitors(Protocol):
    """Where versions come from while the search is under way."""

    def come(self) -> Visitor | None:
        """The next one that is there by now; waits for none."""

    def wait(self) -> Visitor | None:
        """The next one; None when no more will come in time."""

    def learn(self, name: str, versions: Sequence[Version]) -> None:
        """What became of it; no version where it was seen before or could not be tried at all."""


class Nobody:
    """No visitors; see `Visitors`."""

    def come(self) -> None:
        """Nobody is there."""

    def wait(self) -> None:
        """Nobody will come."""

    def learn(self, name: str, versions: Sequence[Version]) -> None:
        """Nobody wants to know."""
