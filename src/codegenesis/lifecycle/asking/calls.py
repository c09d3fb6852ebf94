"""Calls in flight: each on a thread of its own, so that the gates work while the network is slow.

The threads are daemons and nobody joins them: an endpoint that never answers must not hold up the
race, the command, or the end of the process. A pool of `concurrent.futures` was tried; the
interpreter waits for its threads at exit, which is the one thing that must not happen here.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from codegenesis.errors import ModelError

T = TypeVar("T")


class Calls(Generic[T]):
    """Runs calls side by side and hands their results on as they come; for one owner's thread.

    Args:
        most: calls at the same time.
    """

    def __init__(self, most: int) -> None:
        self.cancelled = threading.Event()
        self._most = max(1, most)
        self._came: queue.SimpleQueue[T | ModelError] = queue.SimpleQueue()
        self._flying = 0

    @property
    def flying(self) -> int:
        """Calls whose results were not taken yet."""
        return self._flying

    @property
    def room(self) -> bool:
        """Whether one more may begin."""
        return self._flying < self._most and not self.cancelled.is_set()

    def begin(self, call: Callable[[threading.Event], T]) -> None:
        """Begin one; it gets the event that is set when nobody wants its result anymore."""
        self._flying += 1
        work = threading.Thread(target=self._run, args=(call,), name="codegenesis-ask", daemon=True)
        work.start()

    def take(self, timeout_s: float) -> T | ModelError | None:
        """The next result, or why there is none; None when nothing comes within the time."""
        try:
            came = self._came.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            return None
        self._flying -= 1
        return came

    def cancel(self) -> None:
        """Nobody wants what is still in flight."""
        self.cancelled.set()

    def _run(self, call: Callable[[threading.Event], T]) -> None:
        try:
            self._came.put(call(self.cancelled))
        except ModelError as error:
            self._came.put(error)
        except Exception as error:  # noqa: BLE001 (thread boundary: what a model says may break us)
            self._came.put(ModelError(f"its answer could not be read: {error!r}"))
