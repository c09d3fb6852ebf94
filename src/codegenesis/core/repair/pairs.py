"""Pairs of edits by how likely both are, whatever each did alone.

With two defects, mending one often changes nothing that a case can see: both stand on the way of
the same result. Then neither edit has any credit of its own, but both are likely edits of
suspicious lines, so the pair comes early when pairs are ordered by the product of their ranks.
Left out are edits that alone make every case end in an exception or not at all, and all but a few
of those that do the very same.
"""

from __future__ import annotations

import heapq
from itertools import count

from codegenesis.arena.messages import Score
from codegenesis.core.genetic import applied
from codegenesis.core.repair.found import Draft, Version
from codegenesis.core.repair.neighbourhood import weight_of

_ALIKE = 10
_MOST = 700


class Pairs:
    """Writes pairs of edits of the original.

    Args:
        singles: versions one edit away from the original, the likeliest first.
    """

    name = "pairs"

    def __init__(self, original: Version, singles: list[Version]) -> None:
        self._source = original.source
        self._edits = [version.trail[0] for version in _useful(original.score, singles)]
        self._order = count()
        self._heap: list[tuple[int, int, int, int]] = []
        self._push(0, 1)

    def write(self, most: int) -> list[Draft]:
        """The next pairs; none when all were written."""
        drafts: list[Draft] = []
        while self._heap and len(drafts) < most:
            _, _, one, other = heapq.heappop(self._heap)
            self._push(one, other + 1)
            if other == one + 1:
                self._push(one + 1, one + 2)
            trail = (self._edits[one], self._edits[other])
            apart = trail[0].end <= trail[1].start or trail[1].end <= trail[0].start
            source = applied(self._source, trail) if apart else None
            if source is not None:
                drafts.append(Draft(source=source, trail=trail, weight=weight_of(trail)))
        return drafts

    def learn(self, versions: list[Version]) -> None:
        """Nothing is learned from what became of them: that is the point."""

    def _push(self, one: int, other: int) -> None:
        if other < len(self._edits):
            product = (one + 1) * (other + 1)
            heapq.heappush(self._heap, (product, next(self._order), one, other))


def _useful(original: Score, singles: list[Version]) -> list[Version]:
    alike: dict[tuple[int, ...], int] = {original.outcomes: -_MOST}
    useful = []
    ends = _ends(original)
    for version in sorted(singles, key=lambda each: each.trial):
        outcomes = version.score.outcomes
        seen = alike.get(outcomes, 0)
        if version.passes or seen >= _ALIKE or (ends and not _ends(version.score)):
            continue
        alike[outcomes] = seen + 1
        useful.append(version)
    return useful[:_MOST]


def _ends(score: Score) -> bool:
    """Does any case end with a result?"""
    return any(ending in ("passed", "returned") for ending in score.endings)
