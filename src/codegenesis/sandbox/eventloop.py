"""An event loop without sockets, selectors or threads, whose clock only jumps.

Coroutines are run in the jail, where there is nothing to wait for but timers and each other. So the
loop is asyncio's own, tasks, locks, queues and timeouts included, with one part replaced: where it
would ask the kernel to wait until the next timer, the clock is put forward instead. An hour of
`asyncio.sleep` costs nothing, and waiting for what nobody will ever send is noticed at once.

Tried and rejected: `asyncio.run` with a patched `sleep` (timeouts and `loop.call_later` stay real),
and a loop by hand (most of asyncio to write again).
"""

from __future__ import annotations

import asyncio
from asyncio import base_events
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, TypeVarTuple

from codegenesis.sandbox.driving import Stuck

_Ts = TypeVarTuple("_Ts")
#: Turns of the loop for what never waits: its first step, and word of its end.
_TURNS = 2


class VirtualLoop(base_events.BaseEventLoop):
    """See the module. It is its own selector, and selects nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._turns = 0
        self._selector = self

    def time(self) -> float:
        """Seconds, as far as timers have put it forward."""
        return self._now

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Tasks that go on, and futures that tell of their end, all come through here."""
        self._turns += 1
        return super().call_soon(callback, *args, context=context)

    def waited(self) -> tuple[int, float]:
        """Turns and seconds that what is run was suspended for."""
        return max(self._turns - _TURNS, 0), self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Wait for a timer, in no time; raises Stuck where there is none."""
        if timeout is None:
            raise Stuck
        self._now += max(timeout, 0.0)
        return []

    def _process_events(self, events: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """There is no other thread to be woken by."""


def run(main: Coroutine[Any, Any, Any], waits: list[tuple[int, float]] | None = None) -> Any:
    """Run a coroutine to its end, as `asyncio.run` does, and return its result.

    Args:
        waits: is told how it was suspended.

    Raises:
        Stuck: it will never end.
        BaseException: what the coroutine raises.
    """
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        if waits is not None:
            waits.append(loop.waited())
        with suppress(Stuck):
            _wind_down(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _wind_down(loop: VirtualLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
