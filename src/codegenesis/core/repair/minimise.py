"""Leave out what a version changed without need.

A search that makes several edits at once collects neutral ones. Delta debugging (Zeller 2002) over
the differences to the original: with few of them every subset is tried, smallest first; with many
they are taken back one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from codegenesis.core.budget import Meter
from codegenesis.core.genetic import Edit, applied, identity
from codegenesis.core.repair.difference import differences, size_of
from codegenesis.core.repair.evaluator import Evaluator
from codegenesis.core.repair.found import Plausible, Version

_EVERY = 5
_ROUNDS = 12


def minimised(original: str, version: Version, evaluator: Evaluator | None) -> Plausible:
    """The version with only those of its changes that are needed to pass every case.

    Args:
        evaluator: None when there is no time to try: then all changes are kept.
    """
    edits, source, score = version.trail, version.source, version.score
    if len(edits) != 1:
        edits = differences(original, source)
        if evaluator is not None:
            edits, source = _needed(original, source, edits, evaluator)
            score = evaluator.score([source])[0]
    return Plausible(
        source=source,
        edits=edits,
        size=size_of(original, source),
        weight=version.weight,
        trials=version.trial,
        seconds=version.seconds,
        score=score,
        stage=version.stage,
    )


def distinct(
    original: str, versions: Iterable[Version], evaluator: Evaluator, meter: Meter
) -> list[Plausible]:
    """All of them minimised, without those that come to the same program.

    The first is minimised even when the time is over; it can be all that there is.
    """
    found: dict[bytes, Plausible] = {}
    for version in versions:
        late = bool(found) and meter.left_s <= 0
        small = minimised(original, version, None if late else evaluator)
        found.setdefault(identity(small.source), small)
    return list(found.values())


def _needed(
    original: str, source: str, edits: tuple[Edit, ...], evaluator: Evaluator
) -> tuple[tuple[Edit, ...], str]:
    if len(edits) <= _EVERY:
        subsets = [s for n in range(1, len(edits)) for s in combinations(edits, n)]
        return _first_passing(original, subsets, evaluator) or (edits, source)
    for _ in range(_ROUNDS):
        subsets = [tuple(e for e in edits if e is not left_out) for left_out in edits]
        fewer = _first_passing(original, subsets, evaluator)
        if fewer is None or len(edits) <= 1:
            break
        edits, source = fewer
    return edits, source


def _first_passing(
    original: str, subsets: list[tuple[Edit, ...]], evaluator: Evaluator
) -> tuple[tuple[Edit, ...], str] | None:
    written = [(subset, applied(original, subset)) for subset in subsets]
    programs = [(subset, source) for subset, source in written if source is not None]
    scores = evaluator.score([source for _, source in programs]) if programs else []
    for (subset, source), score in zip(programs, scores, strict=True):
        if score.endings and all(ending == "passed" for ending in score.endings):
            return subset, source
    return None
