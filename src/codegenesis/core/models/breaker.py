"""A fuse for each endpoint, so that a dead one costs one timeout and not one per question.

The usual three states (Nygard, *Release It!*): closed; open, when nothing is sent there; half open,
when one question is let through to see. What opens it at once and what only after a few in a row
depends on the failure: a timeout is dear, a wrong key stays wrong, nonsense may be bad luck.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from codegenesis.core.models.failing import Failure

_AT_ONCE = frozenset({"dead", "slow"})
_FOR_GOOD = frozenset({"denied", "missing"})

#: So many other failures in a row open it.
_IN_A_ROW = 3

#: It stays open for the first, and twice as long each time after, up to the last.
_OPEN_S, _LONGEST_S = 20.0, 600.0


class Breaker:
    """The fuse of one endpoint; may be used from several threads.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._times = 0
        self._until = -math.inf
        self._trying = False
        self._last: Failure | None = None

    @property
    def reason(self) -> Failure | None:
        """What opened it; None while it is closed or somebody may try."""
        with self._lock:
            return self._last if self._clock() < self._until or self._trying else None

    def enter(self) -> bool:
        """Whether to ask now; of those who come when it is half open, one may."""
        with self._lock:
            if self._clock() < self._until or self._trying:
                return False
            self._trying = self._times > 0
            return True

    def succeeded(self) -> None:
        """An answer came."""
        with self._lock:
            self._failures = self._times = 0
            self._trying = False
            self._last = None

    def failed(self, failure: Failure) -> None:
        """No answer came; being cancelled says nothing of the endpoint."""
        with self._lock:
            self._trying = False
            if failure.kind == "cancelled":
                return
            self._failures += 1
            self._last = failure
            if failure.kind in _FOR_GOOD:
                self._until = math.inf
            elif failure.wait_s or failure.kind in _AT_ONCE or self._failures >= _IN_A_ROW:
                self._open(failure.wait_s)

    def _open(self, wait_s: float) -> None:
        grown = min(_LONGEST_S, _OPEN_S * 2**self._times)
        self._until = self._clock() + (wait_s or grown)
        self._times += 1
