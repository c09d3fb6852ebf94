"""What a use of the application was worth, on its way to the agent.

Telling it costs the application's thread a copy of the arms and one append: no lock, no store. What
waits is bounded; when nobody fetches it (no agent, a store in trouble) or more is told than the
agent can carry, the rest is dropped and counted.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections import deque
from typing import SupportsFloat, SupportsIndex

from codegenesis.model import Arm, Reward
from codegenesis.runtime.context import Context, current, disabled

#: Rewards that may wait for the agent.
WAITING = 5000
_NAME_CHARS = 64
_ARMS = 32


class Told:
    """One reward as it waits."""

    __slots__ = ("arms", "at_ns", "key", "name", "segment", "trace", "value")

    def __init__(self, value: float, name: str, use: Context | None) -> None:
        self.value = value
        self.name = name
        self.at_ns = time.time_ns()
        self.segment, self.key, self.trace = (
            (use.segment, use.key, use.trace) if use else ("", "", "")
        )
        self.arms: dict[str, Arm] = dict(use.arms) if use else {}


class Box:
    """Holds what was told until the agent fetches it.

    Attributes:
        dropped: rewards that were let go.
    """

    def __init__(self, limit: int = WAITING) -> None:
        self._limit = limit
        self._waiting: deque[Told] = deque()
        self.dropped = 0

    def put(self, told: Told) -> None:
        """Called in the application's threads; two at once may put one more than the limit."""
        if len(self._waiting) >= self._limit or not math.isfinite(told.value):
            self.dropped += 1
        else:
            self._waiting.append(told)

    def clear(self) -> None:
        """In a forked child: what waits is the parent's."""
        self._waiting.clear()
        self.dropped = 0

    def take(self, *, service: str, process: str, secret: bytes) -> list[Reward]:
        """All that wait, oldest first, as records; called on the agent's thread.

        Args:
            secret: keys the digests of keys.
        """
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        return [
            Reward(
                service=service,
                process=process,
                name=told.name,
                value=told.value,
                segment=told.segment,
                key=_digest(told.key, secret),
                trace=told.trace,
                arms=dict(list(told.arms.items())[-_ARMS:]),
                at_ns=told.at_ns,
            )
            for told in waiting
        ]


box = Box()
os.register_at_fork(after_in_child=box.clear)


def reward(value: SupportsFloat | SupportsIndex, *, name: str = "reward") -> None:
    """Tell what the present use of the application was worth to its user; higher is better.

    A version of a function whose uses are worth less than those of the old one is rolled back. It
    never waits and works without an agent; with `CODEGENESIS_DISABLED=1` it does nothing.

    Args:
        value: a finite number, like 1 for a sale and 0 for none; others are dropped.
        name: of what is rewarded; each name is judged by itself.

    Raises:
        TypeError: `value` is no number.
    """
    if not disabled():
        box.put(Told(float(value), name[:_NAME_CHARS], current()))


def _digest(key: str, secret: bytes) -> str:
    return hashlib.blake2b(key.encode(), key=secret, digest_size=16).hexdigest() if key else ""
