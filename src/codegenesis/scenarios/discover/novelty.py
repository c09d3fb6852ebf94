"""What is known already, and how crowded it is around a program.

Never a look at each other program: what a run has seen is counted in buckets, so that the
ten-thousandth candidate costs what the first did. Near relatives meet in the bands of their
sketches (locality-sensitive hashing, Indyk & Motwani 1998); the counts are kept in one row of a
count-min sketch, whose size does not grow with the run.
"""

from __future__ import annotations

from array import array
from zlib import crc32

from codegenesis.scenarios.discover.shape import POSITIONS, Shape, Sketch

_ROWS = 4
_BUCKETS = 1 << 16


class Novelty:
    """Counts what was seen, by syntax and by behaviour."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()
        self._near = array("L", bytes(array("L").itemsize * _BUCKETS))
        self._alike = array("L", bytes(array("L").itemsize * _BUCKETS))

    def meet(self, shape: Shape) -> bool:
        """Note a program; False when the same was noted before."""
        if shape.digest in self._known:
            return False
        self._known.add(shape.digest)
        for bucket in _bands(shape.sketch):
            self._near[bucket] += 1
        return True

    def behaves(self, behaviour: str) -> None:
        """Note how an evaluated program behaved."""
        if behaviour:
            self._alike[_bucket(behaviour)] += 1

    def of(self, sketch: Sketch, behaviour: str) -> float:
        """How novel such a program is: 1 for a stranger, towards 0 where many are like it."""
        bands = _bands(sketch)
        near = sum(self._near[bucket] for bucket in bands) / len(bands)
        alike = self._alike[_bucket(behaviour)] if behaviour else 0
        return float(1.0 / ((1.0 + max(0.0, near - 1)) * (1.0 + max(0, alike - 1))) ** 0.5)


def _bands(sketch: Sketch) -> list[int]:
    return [
        crc32(repr((first, sketch[first : first + _ROWS])).encode()) % _BUCKETS
        for first in range(0, POSITIONS, _ROWS)
    ]


def _bucket(behaviour: str) -> int:
    return crc32(behaviour.encode("utf-8", "backslashreplace")) % _BUCKETS
