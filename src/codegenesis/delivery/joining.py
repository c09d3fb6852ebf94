"""Calls that stick together are one piece of evidence, not many.

Where draws stick to a key (a user, a tenant, a request), all calls of the key meet the same arm. A
user with a large basket makes a thousand slow calls, all in the arm that one coin drew for him;
counted as a thousand pairs they "prove" whatever his basket is like. Measured on canaries that
change nothing, with sticky keys of uneven size (`benchmarks/canary_simulation.py`): taken as single
calls, one in five is promoted and one in three rolled back; joined, none.

So the unit is the key: the first `CALLS` of its calls, or those that came while `PATIENCE` further
calls of other keys did, are joined to one unit, which is paired as a single call is; what the key
does afterwards is no further evidence (errors are watched all the same). Arms are drawn per key and
by chance, so units are independent and alike on average, and all that holds of single calls, at
every look, holds of units.

Rejected: only the first call of a key (it finds every cache cold, which is not what its user
mostly meets); a test on all calls so far with errors by key at doubling looks (every later call
changes what was already judged, so each look needs its share of alpha, and all calls must be kept);
an unbounded window (a canary could not be judged before its keys are exhausted).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from codegenesis.model import Arm, Record, Sample

#: Calls of a key that are joined, at most.
CALLS = 8
#: A key is closed when this many keyed calls came after its first.
PATIENCE = 256
#: Keys that are remembered; a canary that is undecided after so many does not matter.
KEYS = 50_000

_Item = TypeVar("_Item")


class Joiner(Generic[_Item]):
    """Collects what belongs to one key.

    Args:
        calls, patience, keys: see above.
    """

    def __init__(self, *, calls: int = CALLS, patience: int = PATIENCE, keys: int = KEYS) -> None:
        self._calls = calls
        self._patience = patience
        self._keys = keys
        self._seen = 0
        self._open: dict[Hashable, tuple[int, list[_Item]]] = {}  # oldest first
        self._closed: set[Hashable] = set()

    def add(self, key: Hashable, item: _Item) -> list[list[_Item]]:
        """Take one in.

        Returns:
            What is complete now, each key's together.
        """
        self._seen += 1
        done = []
        if key not in self._closed and self._collect(key, item):
            done.append(self._close(key))
        while self._open:
            oldest = next(iter(self._open))
            if self._seen - self._open[oldest][0] < self._patience:
                break
            done.append(self._close(oldest))
        return done

    def _collect(self, key: Hashable, item: _Item) -> bool:
        """Is the key complete with this one?"""
        if key not in self._open:
            if len(self._open) + len(self._closed) >= self._keys:
                return False
            self._open[key] = (self._seen, [])
        items = self._open[key][1]
        items.append(item)
        return len(items) >= self._calls

    def _close(self, key: Hashable) -> list[_Item]:
        self._closed.add(key)
        return self._open.pop(key)[1]


class Unit(Record, frozen=True, kw_only=True):
    """One call that was drawn by itself, or the joined calls of one key.

    Attributes:
        cpu_ns: of each call that returned.
        failed: whether any of them raised.
    """

    arm: Arm
    process: str
    segment: str
    cpu_ns: tuple[int, ...]
    failed: bool

    def share_above(self, limit_ns: int) -> float:
        """Share of the returned calls that took more CPU, 0..1."""
        return sum(cpu > limit_ns for cpu in self.cpu_ns) / len(self.cpu_ns)


def unit(samples: list[Sample]) -> Unit:
    """The unit that these calls of one key and arm are."""
    first = samples[0]
    returned = tuple(max(1, each.cpu_ns) for each in samples if not each.error)
    return Unit(
        arm=first.arm,
        process=first.process,
        segment=first.segment,
        cpu_ns=returned,
        failed=len(returned) < len(samples),
    )
