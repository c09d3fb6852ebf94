"""In the jail: runs a function and tells which of its lines ran, how often and for how long.

A trace function reads the clock when it is entered and when it leaves, so its own time falls
between the readings and counts for nobody; what is left of tracing is some 100 ns a line. Calls of
other functions count for the line that makes them. `sys.monitoring` would be cheaper, and is not in
Python 3.11.
"""

from __future__ import annotations

import functools
import sys
import time
import types
from collections.abc import Callable
from typing import Any

#: Events after which the rest of a call is no longer looked at.
MOST_EVENTS = 2_000_000


def per_line(function: types.FunctionType) -> Callable[..., Any]:
    """Decorator: a call gives `(exception type name or "", [(line, hits, ns), ...])`.

    Lines count from the `def` as 1; the decorator must be the only one, on a line of its own.
    """
    watch = _Watch(function)

    @functools.wraps(function)
    def told(*args: Any, **kwargs: Any) -> Any:
        if watch.running:
            return function(*args, **kwargs)
        return watch.told(function, args, kwargs)

    return told


class _Watch:
    def __init__(self, function: types.FunctionType) -> None:
        codes = [function.__code__]
        for code in codes:  # grows while it is walked
            codes += [const for const in code.co_consts if isinstance(const, types.CodeType)]
        self._codes = frozenset(codes)
        self._before = function.__code__.co_firstlineno  # the decorator's line
        self.running = False

    def told(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        self._hits: dict[int, int] = {}
        self._spent: dict[int, int] = {}
        self._callers: list[int] = []
        self._line, self._events = 1, 0
        self.running, error = True, ""
        self._since = time.perf_counter_ns()
        sys.settrace(self._enter)
        try:
            function(*args, **kwargs)
        except Exception as raised:  # noqa: BLE001 - whatever the function raises is told
            error = f"{type(raised).__module__}.{type(raised).__qualname__}"
        finally:
            sys.settrace(None)
            self.running = False
        lines = sorted(self._hits)
        return error, [(line, self._hits[line], self._spent.get(line, 0)) for line in lines]

    def _enter(self, frame: types.FrameType, _event: str, _arg: object) -> Any:
        now = time.perf_counter_ns()
        if frame.f_code not in self._codes:
            self._since += time.perf_counter_ns() - now
            return None
        self._charge(now)
        self._callers.append(self._line)
        self._since = time.perf_counter_ns()
        return self._step

    def _step(self, frame: types.FrameType, event: str, _arg: object) -> Any:
        now = time.perf_counter_ns()
        self._charge(now)
        if event == "line":
            self._line = frame.f_lineno - self._before
            self._hits[self._line] = self._hits.get(self._line, 0) + 1
            self._events += 1
            if self._events > MOST_EVENTS:
                sys.settrace(None)
                frame.f_trace = None
        elif event == "return" and self._callers:
            self._line = self._callers.pop()
        self._since = time.perf_counter_ns()
        return self._step

    def _charge(self, now: int) -> None:
        self._spent[self._line] = self._spent.get(self._line, 0) + now - self._since
