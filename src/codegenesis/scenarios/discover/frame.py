"""What of a program may not change: the text around its regions."""

from __future__ import annotations

import sys

from codegenesis.fragment.syntax import lines_of
from codegenesis.scenarios.discover.problem import Problem


class Frame:
    """The lines that every program of a run must have, as they are and in this order.

    Where a problem names no regions the whole program may change. Where its settings say how long a
    program may be (`most_chars`), none is longer, unless the one that was given is.
    """

    def __init__(self, problem: Problem) -> None:
        lines = lines_of(problem.program)
        most = int(problem.settings.get("most_chars", 0))
        self._most = max(most, len(problem.program)) if most else sys.maxsize
        self._fixed: list[str] = []
        after = 0
        for region in problem.regions:
            self._fixed.append("".join(lines[after : region.first - 1]))
            after = region.last
        self._fixed.append("".join(lines[after:]) if problem.regions else "")

    def holds(self, program: str) -> bool:
        """Whether a program changes nothing outside of the regions, and is not too long."""
        if len(program) > self._most:
            return False
        first, *between = self._fixed
        if not between:
            return True
        *between, last = between
        if not (program.startswith(first) and program.endswith(last)):
            return False
        at, end = len(first), len(program) - len(last)
        for text in between:
            found = program.find(text, at, end)
            if found < 0:
                return False
            at = found + len(text)
        return at <= end
