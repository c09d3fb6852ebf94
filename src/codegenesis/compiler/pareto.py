"""Who is beaten in nothing? The non-dominated set over the figures that an objective looks at.

Figures nearer to each other than a grain count as equal: else noise alone would keep everybody on
the front. Figures are put on a logarithmic grid first, because "equal within so much" by itself is
not transitive, and two variants could beat each other. pymoo and DEAP sort fronts too; for a dozen
variants twenty lines do.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from codegenesis.model import Fitness

#: Ratios closer than this are no difference.
GRAIN = 0.02


class Front(NamedTuple):
    """The best of a field and what beats the others.

    Attributes:
        members: ids of those that nobody dominates, in the order they came.
        beaten: id of each of the others → id of a member that dominates it.
    """

    members: tuple[str, ...]
    beaten: dict[str, str]


def front(
    field: Mapping[str, Fitness], *, looking_at: Collection[str], grain: float = GRAIN
) -> Front:
    """Split a field into its Pareto front and the dominated.

    Args:
        looking_at: names of the figures that count (`cpu`, `memory`, …).
    """
    points = {name: _point(each, sorted(looking_at), grain) for name, each in field.items()}
    members = [
        name
        for name, mine in points.items()
        if not any(_dominates(other, mine) for other in points.values())
    ]
    beaten = {
        name: next(member for member in members if _dominates(points[member], mine))
        for name, mine in points.items()
        if name not in members
    }
    return Front(tuple(members), beaten)


def layers(
    field: Mapping[str, Fitness], *, looking_at: Collection[str], grain: float = GRAIN
) -> list[tuple[str, ...]]:
    """The front, the front of what is left without it, and so on."""
    left, found = dict(field), []
    while left:
        members = front(left, looking_at=looking_at, grain=grain).members
        found.append(members)
        left = {name: each for name, each in left.items() if name not in members}
    return found


def _point(fitness: Fitness, names: Sequence[str], grain: float) -> tuple[int, ...]:
    return tuple(
        round(math.log(max(1e-9, getattr(fitness, name))) / math.log1p(grain)) for name in names
    )


def _dominates(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return one != other and all(a >= b for a, b in zip(one, other, strict=True))
