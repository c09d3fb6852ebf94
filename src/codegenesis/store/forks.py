"""Keeps SQLite whole across `os.fork`, which servers with pre-forked workers call under our feet.

A connection must not be carried over a fork, and closing or forgetting it in the child is not
enough: SQLite keeps locks per process and file in static tables, so a new connection of the child
believes to hold locks that only the parent has; the parent's last close would then delete the
write-ahead log that the child is writing. Hence all connections are closed *before* the fork, by
`os.register_at_fork`, and opened again on demand on both sides. (`subprocess` without
`preexec_fn` does not run these hooks, and need not: it executes at once.)
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakSet

#: How long a fork waits for a running transaction to end, in seconds.
PATIENCE_S = 5.0


class Forkable(Protocol):
    """Holds connections that must not be carried over a fork."""

    gate: Gate

    def disconnect(self) -> None:
        """Close all connections; they are opened again on demand."""

    def strand(self) -> None:
        """In a child that inherited a transaction under way: refuse all further use."""


class Gate:
    """Counts the operations under way; shut, it lets no new one begin."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._inside = 0
        self._shut = False

    @contextmanager
    def passage(self) -> Iterator[None]:
        """One operation."""
        with self._moved:
            while self._shut:
                self._moved.wait()
            self._inside += 1
        try:
            yield
        finally:
            with self._moved:
                self._inside -= 1
                self._moved.notify_all()

    def shut(self, *, timeout_s: float) -> bool:
        """Let nothing in and wait for the last to leave; False when somebody stayed."""
        with self._moved:
            self._shut = True
            return self._moved.wait_for(lambda: self._inside == 0, timeout=timeout_s)

    def open(self) -> None:
        """Let operations begin again."""
        with self._moved:
            self._shut = False
            self._moved.notify_all()


_watched: WeakSet[Forkable] = WeakSet()
_forking: list[tuple[Forkable, bool]] = []


def watch(forkable: Forkable) -> None:
    """Disconnect `forkable` before each fork from now on."""
    _watched.add(forkable)


def _before() -> None:
    for each in list(_watched):
        idle = each.gate.shut(timeout_s=PATIENCE_S)
        if idle:
            each.disconnect()
        _forking.append((each, idle))


def _after_in_parent() -> None:
    for each, _ in _forking:
        each.gate.open()
    _forking.clear()


def _after_in_child() -> None:
    for each, idle in _forking:
        each.gate = Gate()  # the old one's lock may be held by a thread that is not here
        if not idle:
            each.strand()
    _forking.clear()


os.register_at_fork(
    before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
)
