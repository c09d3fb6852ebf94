"""How much a version that fails promises: where the next edit is worth trying.

Mean fitness alone misleads where results are few-valued: `return False` passes half of the cases
and leads nowhere. So what counts is the change against the original: cases newly passed, cases
lost, failing cases that come closer or at least fail differently.
"""

from __future__ import annotations

from codegenesis.arena.messages import Score
from codegenesis.core.repair.found import Version

_DEPTH = 0.03


class Promise:
    """Compares versions with the original.

    Args:
        original: its score.
    """

    def __init__(self, original: Score) -> None:
        self._original = original
        self._failing = [at for at, end in enumerate(original.endings) if end != "passed"]
        self._passing = [at for at, end in enumerate(original.endings) if end == "passed"]

    def of(self, version: Version) -> float:
        """Higher is better; about 0 for a version that changes nothing."""
        score = version.score
        won = _share(score, self._failing)
        lost = 1.0 - _share(score, self._passing) if self._passing else 0.0
        nearer = self._nearer(score)
        changed = self._changed(score)
        ends = self._ends(score)
        gain = won - 0.6 * lost + 0.6 * nearer + 0.15 * changed + 0.1 * ends
        return gain - _DEPTH * len(version.trail)

    def gains(self, version: Version) -> bool:
        """Does it pass or come closer to anything that the original fails?"""
        pairs = zip(version.score.distance, self._original.distance, strict=False)
        return any(mine < theirs - 1e-9 for mine, theirs in pairs)

    def _nearer(self, score: Score) -> float:
        ours, theirs = score.distance, self._original.distance
        steps = [max(0.0, theirs[at] - ours[at]) for at in self._failing if at < len(ours)]
        return sum(steps) / len(self._failing) if self._failing else 0.0

    def _ends(self, score: Score) -> float:
        """Share of the failing cases that broke off and now end with a result."""
        broken = [at for at in self._failing if self._original.endings[at] != "returned"]
        ended = [at for at in broken if score.endings[at : at + 1] in (("passed",), ("returned",))]
        return len(ended) / len(self._failing) if self._failing else 0.0

    def _changed(self, score: Score) -> float:
        ours, theirs = score.outcomes, self._original.outcomes
        differ = sum(ours[at] != theirs[at] for at in self._failing if at < len(ours))
        return differ / len(self._failing) if self._failing else 0.0


def _share(score: Score, cases: list[int]) -> float:
    """Share of these cases that pass."""
    passed = sum(score.endings[at] == "passed" for at in cases if at < len(score.endings))
    return passed / len(cases) if cases else 0.0
