"""One kind of end for every model: somebody does not want to know any more, or the time is over."""

from __future__ import annotations

import math
import threading
import time

#: How often whoever waits looks whether to go on.
_LOOK_S = 0.05


class Until(threading.Event):
    """Set when another event is, or when the time has come.

    Args:
        other: an event; None for none.
        seconds: from now on; infinity for ever.
    """

    def __init__(self, other: threading.Event | None, *, seconds: float) -> None:
        super().__init__()
        self._other = other
        self._at = time.monotonic() + seconds

    def is_set(self) -> bool:
        """Whether to stop."""
        if self._other is not None and self._other.is_set():
            return True
        return time.monotonic() >= self._at or super().is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for that, at most so many seconds."""
        end = math.inf if timeout is None else time.monotonic() + timeout
        while not self.is_set() and (left := end - time.monotonic()) > 0:
            super().wait(min(_LOOK_S, left))
        return self.is_set()
