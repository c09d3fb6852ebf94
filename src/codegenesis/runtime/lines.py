"""Which lines of some functions run, while somebody wants to know.

On 3.12 and later by `sys.monitoring`, with events on the very code objects that are asked about:
the rest of the program runs as ever. Before, by `sys.settrace`, which every call of the thread pays
for (about 0.3 us), and which only one may use: where a debugger or coverage.py's tracer is there
first, nothing is seen and `why` says so. Locations are not switched off after their first hit,
although that is cheaper: switching them on again is only possible for all tools at once, and would
have coverage.py measure everything anew.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any, Protocol

from codegenesis.errors import FragmentError
from codegenesis.runtime.live import LiveGene


class Lines(Protocol):
    """Watches lines between `begin` and `end`.

    Attributes:
        why: why nothing is seen; empty when something is.
    """

    why: str

    def watch(self, gene: LiveGene) -> None:
        """See the lines of this gene's present code, too."""

    def begin(self) -> None:
        """From here on."""

    def end(self) -> dict[str, set[int]]:
        """Up to here: line numbers in the gene's source, from 1, by target."""

    def close(self) -> None:
        """Leave nothing behind."""


def lines() -> Lines:
    """What fits this interpreter."""
    if sys.version_info >= (3, 12):
        return _Monitored()
    return _Traced()


class _Book:
    """Code objects that are watched, and what was seen of them."""

    def __init__(self) -> None:
        self.first: dict[types.CodeType, tuple[str, int]] = {}
        self.seen: set[tuple[types.CodeType, int]] = set()

    def add(self, gene: LiveGene) -> list[types.CodeType]:
        """Code objects of a gene that were not watched yet."""
        try:
            first = gene.definition.line
        except FragmentError:
            return []
        fresh = [code for code in _all_of(gene.current.code) if code not in self.first]
        self.first |= dict.fromkeys(fresh, (gene.target, first))
        return fresh

    def told(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for code, line in self.seen:
            target, first = self.first[code]
            found.setdefault(target, set()).add(line - first + 1)
        self.seen = set()
        return found


def _all_of(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _all_of(const)


class _Traced:
    def __init__(self) -> None:
        self.why = ""
        self._book = _Book()

    def watch(self, gene: LiveGene) -> None:
        self._book.add(gene)

    def begin(self) -> None:
        if sys.gettrace() is not None:
            self.why = "another tool traces lines (coverage, a debugger), so which ran is not known"
            return
        self._book.seen = set()
        sys.settrace(self._enter)

    def end(self) -> dict[str, set[int]]:
        if sys.gettrace() == self._enter:
            sys.settrace(None)
        return self._book.told()

    def close(self) -> None:
        self.end()

    def _enter(self, frame: types.FrameType, _event: str, _arg: object) -> Any:
        return self._step if frame.f_code in self._book.first else None

    def _step(self, frame: types.FrameType, event: str, _arg: object) -> Any:
        if event == "line":
            self._book.seen.add((frame.f_code, frame.f_lineno))
        return self._step


if sys.version_info >= (3, 12):

    class _Monitored:
        def __init__(self) -> None:
            self._book = _Book()
            self._on = False
            monitoring = sys.monitoring
            free = [tool for tool in (4, 3, 5) if monitoring.get_tool(tool) is None]
            self.why = "" if free else "other tools use all of sys.monitoring"
            self._tool = free[0] if free else -1
            if free:
                monitoring.use_tool_id(self._tool, "codegenesis")
                monitoring.register_callback(self._tool, monitoring.events.LINE, self._line)

        def watch(self, gene: LiveGene) -> None:
            for code in self._book.add(gene) if not self.why else ():
                sys.monitoring.set_local_events(self._tool, code, sys.monitoring.events.LINE)

        def begin(self) -> None:
            self._book.seen, self._on = set(), True

        def end(self) -> dict[str, set[int]]:
            self._on = False
            return self._book.told()

        def close(self) -> None:
            if not self.why:
                for code in self._book.first:
                    sys.monitoring.set_local_events(self._tool, code, 0)
                sys.monitoring.free_tool_id(self._tool)
                self.why = "it is closed"

        def _line(self, code: types.CodeType, line: int) -> None:
            if self._on:
                self._book.seen.add((code, line))
