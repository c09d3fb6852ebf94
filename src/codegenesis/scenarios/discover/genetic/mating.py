"""Programs from two parents: a piece of one in the other, or the changes of both."""

from __future__ import annotations

from random import Random

from codegenesis.core.genetic import crossover
from codegenesis.core.genetic.syntax import reads
from codegenesis.scenarios.discover.genetic.grow import Bed
from codegenesis.scenarios.discover.genetic.pieces import Piece, binary
from codegenesis.scenarios.discover.genetic.scope import Scope, Spot


def grafted(bed: Bed, spot: Spot, other: Scope) -> Piece | None:
    """A piece of the other program of the same kind, in place of this one or added to it."""
    given = [each for each in other.spots if _fits(bed, spot, each)]
    if not given:
        return None
    weights = [each.weight * (1 + len(each.expr.children)) for each in given]
    chosen = bed.rng.choices(given, weights)[0]
    if spot.kind in ("array", "number") and bed.rng.random() < 0.4:
        return binary(spot.piece, "+", chosen.piece)
    return chosen.piece


def merged(base: str, one: str, other: str, rng: Random) -> str | None:
    """A three-way merge of two descendants of `base`."""
    return crossover(base, one, other, rng=rng)


def _fits(bed: Bed, spot: Spot, given: Spot) -> bool:
    if given.kind != spot.kind or given.expr.text == spot.expr.text or "\n" in given.expr.text:
        return False
    scope = bed.scope
    names = reads(given.expr.text)
    own = {name for kinds in scope.kinds.values() for name in kinds}
    local = names & {name for kinds in _locals(given) for name in kinds}
    return all(
        name in spot.expr.names and scope.program.bound(name, spot.expr.stmt)
        for name in local | (names & own)
    )


def _locals(given: Spot) -> list[tuple[str, ...]]:
    function = given.expr.stmt.block.function
    return [function.names] if function else []
