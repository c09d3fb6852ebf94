"""What the search asks of whoever tries versions: scores by case, and which lines a case ran.

The arena is one; the tests bring a small one of their own. The search is written against this and
never sees a process, a jail or a test runner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from codegenesis.arena.messages import Score, Traced


class Evaluator(Protocol):
    """Tries versions of one function on fixed cases."""

    def score(self, sources: Sequence[str]) -> list[Score]:
        """How each source does, in order."""
        ...

    def trace(self, source: str) -> list[Traced]:
        """Per case: which lines of `source` ran, and what types its variables had."""
        ...

    def confirm(self, source: str) -> Score:
        """How one source does alone, with many times the steps."""
        ...
