"""Lexicase selection (Spector 2012; Helmuth et al. 2015): cases in random order, only those best at
each case remain, so specialists for a hard case are chosen however bad their mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def lexicase(
    candidates: Sequence[T], *, distance: Callable[[T], Sequence[float]], rng: Random
) -> list[T]:
    """Those that no case tells apart any more; at least one.

    Args:
        candidates: at least one.
        distance: of a candidate, case by case; lower is better, as many for each.
    """
    left = list(candidates)
    cases = list(range(len(distance(left[0]))))
    rng.shuffle(cases)
    for case in cases:
        least = min(distance(each)[case] for each in left)
        left = [each for each in left if distance(each)[case] <= least]
        if len(left) == 1:
            break
    return left
