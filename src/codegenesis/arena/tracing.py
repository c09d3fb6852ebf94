"""Which lines of a version a case runs, and what types its variables have there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from codegenesis.arena.examples import Ran
from codegenesis.arena.installing import FILENAME
from codegenesis.arena.messages import Traced
from codegenesis.arena.ticking import NAME

_MOST_LOOKS = 2000


class Tracer:
    """Follows the code of versions, and nothing else."""

    def __init__(self) -> None:
        self._lines: set[int] = set()
        self._types: dict[str, set[str]] = {}
        self._looks = 0

    def follow(self, run: Callable[[], Ran]) -> Traced:
        """Run a case and say where it went."""
        sys.settrace(self._enter)
        try:
            ran = run()
        finally:
            sys.settrace(None)
        return Traced(
            ending=ran.ending,
            lines=tuple(sorted(self._lines)),
            types={name: tuple(sorted(found)) for name, found in self._types.items()},
        )

    def _enter(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != FILENAME:
            return None
        self._look(frame)
        return self._step

    def _step(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self._lines.add(frame.f_lineno)
        self._look(frame)
        return self._step

    def _look(self, frame: FrameType) -> None:
        if self._looks < _MOST_LOOKS:
            self._looks += 1
            for name, value in frame.f_locals.items():
                if name != NAME:
                    self._types.setdefault(name, set()).add(type(value).__name__)
