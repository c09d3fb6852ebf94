"""What the search asks of whoever tries versions: scores by case, and which lines a case ran.

The arena is one; the tests bring a small one of their own. Both the repair search and synthesis
write against this and never see a process, a jail or a test runner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from codegenesis.arena.messages import Score, Traced


class Evaluator(Protocol):
    """Tries versions of one function on fixed cases."""

    @property
    def cases(self) -> tuple[str, ...]:
        """Names of the cases, in the order of everything that is said of them."""
        ...

    def score(self, sources: Sequence[str], *, first_failure: bool = False) -> list[Score]:
        """How each source does, in order.

        Args:
            first_failure: stop a version at the first case that it fails; cheaper, and says less.
        """
        ...

    def trace(self, source: str) -> list[Traced]:
        """Per case: which lines of `source` ran, and what types its variables had."""
        ...

    def confirm(self, source: str) -> Score:
        """How one source does alone, with nothing counted and only the clock as its limit."""
        ...
