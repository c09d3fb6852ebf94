"""The best program of each kind: MAP-Elites (Mouret & Clune 2015) whose grid fits what turns up.

A kind is a cell of a grid over features: metrics that the owner named, or how large a program is
and how far from the first one. Nobody knows the range of a feature before the run, and a fixed grid
leaves most of itself empty, so the bounds are quantiles of what was seen lately. They are drawn
anew all the time: programs grow, and whatever is past the last bound shares one cell. Each archive
holds at most `CELLS` programs however long the run, so each choice from it costs what the first
did.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise

from codegenesis.scenarios.discover.individual import Individual
from codegenesis.scenarios.discover.shape import Sketch

#: Most programs of one archive.
CELLS = 128

_REMEMBERED = 1024
#: Bounds are drawn anew with each of the first programs, then once in a while.
_EACH, _EVERY = 64, 32

Cell = tuple[int, ...]


class Lineage:
    """How a program came to be: itself and its first parents, back to the program that was given.

    Kept by those that descend from it and by nobody else, so lines that died out cost nothing.
    """

    __slots__ = ("individual", "parent")

    def __init__(self, individual: Individual, parent: Lineage | None = None) -> None:
        self.individual = individual
        self.parent = parent

    def __iter__(self) -> Iterator[Individual]:
        """The latest first."""
        line: Lineage | None = self
        while line is not None:
            yield line.individual
            line = line.parent


class Elite:
    """A program in an archive.

    Attributes:
        features: where it belongs, one number a dimension.
        offspring: how often it was a parent.
        confirmed: its score was measured where the program could not reach it.
    """

    def __init__(
        self,
        line: Lineage,
        *,
        features: tuple[float, ...],
        sketch: Sketch,
        confirmed: bool = True,
    ) -> None:
        self.line = line
        self.features = features
        self.sketch = sketch
        self.confirmed = confirmed
        self.offspring = 0

    @property
    def individual(self) -> Individual:
        """The program."""
        return self.line.individual

    @property
    def rank(self) -> tuple[float, int]:
        """Sorts the best first, of equals the first that came."""
        return (-self.individual.score, self.individual.number)


class Archive:
    """One island's elites.

    Args:
        dimensions: how many features there are.
    """

    def __init__(self, dimensions: int) -> None:
        self._bins = max(2, int(CELLS ** (1 / dimensions) + 1e-9)) if dimensions else 1
        self._values = [deque[float](maxlen=_REMEMBERED) for _ in range(dimensions)]
        self._bounds: list[list[float]] = [[] for _ in range(dimensions)]
        self._cells: dict[Cell, Elite] = {}
        self._ranked: list[tuple[tuple[float, int], Elite]] = []
        self._seen = 0

    def __len__(self) -> int:
        return len(self._ranked)

    def __iter__(self) -> Iterator[Elite]:
        """The best first."""
        return (elite for _, elite in self._ranked)

    def at(self, rank: int) -> Elite:
        """The elite of this rank, from 0."""
        return self._ranked[rank][1]

    @property
    def best(self) -> Elite | None:
        """The best of all."""
        return self._ranked[0][1] if self._ranked else None

    def add(self, elite: Elite) -> bool:
        """Take a program in when it is the best of its cell; whether it was."""
        for values, value in zip(self._values, elite.features, strict=True):
            values.append(value)
        self._seen += 1
        if self._seen <= _EACH or self._seen % _EVERY == 0:
            self._draw_bounds()
        return self._settle(elite)

    def drop(self, elite: Elite) -> None:
        """Take a program out."""
        cell = self._cell(elite.features)
        if self._cells.get(cell) is elite:
            del self._cells[cell]
            self._unrank(elite)

    def neighbours(self, elite: Elite) -> list[Elite]:
        """Those one cell away, along each feature."""
        cell = self._cell(elite.features)
        beside = (
            (*cell[:at], cell[at] + step, *cell[at + 1 :])
            for at in range(len(cell))
            for step in (-1, 1)
        )
        return [self._cells[each] for each in beside if each in self._cells]

    def _settle(self, elite: Elite) -> bool:
        cell = self._cell(elite.features)
        rival = self._cells.get(cell)
        if rival is not None:
            if rival.rank <= elite.rank:
                return False
            self._unrank(rival)
        self._cells[cell] = elite
        insort(self._ranked, (elite.rank, elite), key=lambda each: each[0])
        return True

    def _unrank(self, elite: Elite) -> None:
        at = bisect_left(self._ranked, elite.rank, key=lambda each: each[0])
        while self._ranked[at][1] is not elite:
            at += 1
        del self._ranked[at]

    def _cell(self, features: Sequence[float]) -> Cell:
        return tuple(
            bisect_right(bounds, value)
            for bounds, value in zip(self._bounds, features, strict=True)
        )

    def _draw_bounds(self) -> None:
        self._bounds = [_quantiles(values, self._bins) for values in self._values]
        elites = [elite for _, elite in self._ranked]
        self._cells, self._ranked = {}, []
        for elite in elites:
            self._settle(elite)


def _quantiles(values: Sequence[float], bins: int) -> list[float]:
    """Bounds between `bins` equally large shares of the distinct values."""
    distinct = sorted(set(values))
    if len(distinct) <= bins:
        return [(low + high) / 2 for low, high in pairwise(distinct)]
    return sorted({distinct[len(distinct) * at // bins] for at in range(1, bins)})
