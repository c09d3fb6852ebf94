"""Where the application's threads leave word for the agent; appending to a deque takes no lock."""

from __future__ import annotations

from collections import deque

from codegenesis.runtime.capture import Ring
from codegenesis.runtime.net import Fall
from codegenesis.runtime.router import Drawn

_SAMPLES = 20_000


class Mail:
    """Attributes:
    ring: sampled calls.
    samples: measured calls of canaries; the oldest give way.
    falls: new code that was taken out by its net, until the store knows.
    fallen: releases that this happened to; they do not come back here.
    """

    def __init__(self) -> None:
        self.ring = Ring()
        self.samples: deque[Drawn] = deque(maxlen=_SAMPLES)
        self.falls: deque[Fall] = deque()
        self.fallen: set[str] = set()

    def take_samples(self) -> list[Drawn]:
        """All that wait, oldest first."""
        return [self.samples.popleft() for _ in range(len(self.samples))]

    def clear(self) -> None:
        """In a forked child: what waits is the parent's."""
        self.ring.drain()
        self.ring.dropped = 0
        self.samples.clear()
        self.falls.clear()
