"""Where a process says what goes wrong: unhandled exceptions, and errors that it logs.

Every hook passes on to what was there before, first or last, and swallows nothing. Looked at and
not done: a handler on the root logger (then `logging.basicConfig()` of the application does
nothing, and loggers that do not propagate, like uvicorn's, are missed), so `Logger.callHandlers` is
wrapped, as Sentry's SDK does; an exception handler on each event loop (the application's own takes
its place), so `BaseEventLoop.call_exception_handler` is wrapped, once asyncio has been imported.
Loops that are not written in Python (uvloop) log what is unhandled, and are heard so.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from codegenesis.runtime.incidents import Incident, box, describe, stack


class _State:
    on = False


class _Passing(threading.local):
    """Set while an incident is passed on: what is told then is the same incident once more."""

    on = False


_passing = _Passing()


class _Place:
    """Where a hook is put.

    Args:
        owner: of the attribute; None as long as it has not been imported.
        around: makes the hook around what stood there before.
        times: the hook is put in front again when something else took its place, so often. What
            is wrapped rather than replaced by others needs that once.
    """

    def __init__(
        self, owner: Callable[[], Any], name: str, around: Callable[[Any], Any], *, times: int
    ) -> None:
        self._owner, self._name, self._around = owner, name, around
        self._times = self._left = times
        self._ours: Any = None
        self._before: Any = None

    def install(self) -> None:
        owner = self._owner()
        if owner is None or not self._left or getattr(owner, self._name) is self._ours:
            return
        self._left -= 1
        self._before = getattr(owner, self._name)
        self._ours = functools.update_wrapper(self._around(self._before), self._before)
        setattr(owner, self._name, self._ours)

    def remove(self) -> None:
        owner = self._owner()
        if owner is not None and self._ours and getattr(owner, self._name) is self._ours:
            setattr(owner, self._name, self._before)
            self._left, self._ours = self._times, None


def install() -> None:
    """Listen, from now on; called again, it sees to hooks that came late or were replaced."""
    _State.on = True
    for place in _PLACES:
        place.install()


def remove() -> None:
    """Listen no more; where something else was put on top, ours stays and only passes on."""
    _State.on = False
    for place in _PLACES:
        place.remove()


def _loops() -> Any:
    events = sys.modules.get("asyncio.base_events")
    return getattr(events, "BaseEventLoop", None)  # not there yet while it is being imported


# --- the hooks themselves ------------------------------------------------------------------------


def _around_excepthook(before: Callable[..., object]) -> Any:
    def excepthook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        _note_crash(error, "")
        with _passed_on():
            before(kind, error, traceback)

    return excepthook


def _around_thread_hook(before: Callable[..., object]) -> Any:
    def excepthook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            _note_crash(args.exc_value, args.thread.name if args.thread else "")
        with _passed_on():
            before(args)

    return excepthook


def _around_loops(before: Callable[..., object]) -> Any:
    def call_exception_handler(loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            _note_crash(error, "asyncio")
        with _passed_on(noted=isinstance(error, BaseException)):
            before(loop, context)

    return call_exception_handler


def _around_handlers(before: Callable[..., object]) -> Any:
    def callHandlers(logger: logging.Logger, record: logging.LogRecord) -> None:
        before(logger, record)
        if record.levelno >= logging.ERROR and _State.on and not _passing.on:
            _note_record(record)

    return callHandlers


@contextlib.contextmanager
def _passed_on(*, noted: bool = True) -> Iterator[None]:
    outer, _passing.on = _passing.on, _passing.on or noted
    try:
        yield
    finally:
        _passing.on = outer


# --- what they note ------------------------------------------------------------------------------


def _note_crash(error: BaseException, name: str) -> None:
    if not (_State.on and isinstance(error, Exception)) or _passing.on:
        return
    with contextlib.suppress(Exception):  # boundary: an exception's own code may fail, too

        def make() -> Incident:
            return describe(Incident("exception", "crash", name, "error"), error, "")

        box.put((type(error), name, stack(error.__traceback__)), make)


def _note_record(record: logging.LogRecord) -> None:
    if record.name.partition(".")[0] == "codegenesis":
        return
    with contextlib.suppress(Exception):  # boundary: so may what was handed over to be formatted
        error = record.exc_info[1] if record.exc_info else None
        traceback = error.__traceback__ if error is not None else None
        key = (record.name, record.levelno, record.pathname, record.lineno, type(error))
        box.put((key, stack(traceback)), lambda: _logged(record, error))


def _logged(record: logging.LogRecord, error: BaseException | None) -> Incident:
    incident = Incident("logging", "log", record.name, record.levelname.lower())
    if error is None:
        incident.file, incident.line = record.pathname, record.lineno
        incident.fingerprint = _template(record)
    return describe(incident, error, record.getMessage())


def _template(record: logging.LogRecord) -> str:
    """What stays the same when it is logged again: the text before values were put into it."""
    if record.args and isinstance(record.msg, str):
        return f"{record.name}: {record.msg[:200]}"
    return f"{record.name} in {record.module}:{record.funcName}"


_PLACES = (
    _Place(lambda: sys, "excepthook", _around_excepthook, times=3),
    _Place(lambda: threading, "excepthook", _around_thread_hook, times=3),
    _Place(lambda: logging.Logger, "callHandlers", _around_handlers, times=1),
    _Place(_loops, "call_exception_handler", _around_loops, times=1),
)
