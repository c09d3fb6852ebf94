"""Pairs of likely edits on top of one that helped: three defects, of which only one shows.

A novice's function often has several mistakes in one loop. Mending one comes nearer; mending the
second as well may look worse again (now it runs on into an error), until the third is mended too.
Climbing from the best version so far misses that, and finds versions instead that are fitted to the
cases piece by piece. So for the few single edits that both help and are likely, the likely edits
around them are tried in pairs, ordered as `pairs` does it: by rank, whatever each did alone, and
whatever their kinds have brought alone.
"""

from __future__ import annotations

import math

from codegenesis.core.repair.found import Draft, Version
from codegenesis.core.repair.neighbourhood import Neighbourhood, Surroundings, weight_of
from codegenesis.core.repair.pairs import Pairs
from codegenesis.core.repair.promise import Promise

_PARENTS = 8
#: Neighbours of a parent that are paired, and pairs that are tried before the next one's turn.
_AROUND, _PAIRED = 160, 800
#: What a likely edit counts for, against what it brought.
_LIKELY = 0.12


class _Parent:
    """One version, its neighbours as they are tried, then pairs of them."""

    def __init__(self, around: Surroundings, version: Version, known: dict[str, Version]) -> None:
        self.version = version
        self._known = known
        self._neighbourhood = Neighbourhood(around, version.source, history=False)
        self._tried: list[Version] = []
        self._asked: dict[str, Draft] = {}
        self._pairs: Pairs | None = None
        self._written = 0

    def write(self, most: int) -> list[Draft]:
        """The next drafts; none when this parent had its share."""
        if self._neighbourhood.taken < _AROUND:
            drafts = self._neighbourhood.take(most)
            self._asked |= {draft.source: draft for draft in drafts}
            for draft in drafts:
                if tried := self._known.get(draft.source):
                    self.learn(tried)
            if drafts:
                return [self._grown(draft) for draft in drafts]
        if self._pairs is None:
            self._pairs = Pairs(self.version, self._tried)
        if self._written >= _PAIRED:
            return []
        drafts = self._pairs.write(min(most, _PAIRED - self._written))
        self._written += len(drafts)
        return [self._grown(draft) for draft in drafts]

    def learn(self, version: Version) -> None:
        """Keep what became of a neighbour."""
        draft = self._asked.pop(version.source, None)
        if draft is not None:
            self._tried.append(
                Version(source=version.source, score=version.score, trail=draft.trail,
                        trial=version.trial)
            )  # fmt: skip

    def _grown(self, draft: Draft) -> Draft:
        trail = (*self.version.trail, *draft.trail)
        return Draft(source=draft.source, trail=trail, weight=weight_of(trail))


class Deeper:
    """Writes two more edits on top of single ones.

    Args:
        singles: versions one edit away from the original.
    """

    name = "deeper"

    def __init__(self, around: Surroundings, singles: list[Version], promise: Promise) -> None:
        chosen: dict[tuple[int, ...], Version] = {}
        helping = [each for each in singles if not each.passes and promise.gains(each)]
        helping.sort(key=lambda each: -(promise.of(each) + _LIKELY * math.log(each.weight)))
        for version in helping:
            chosen.setdefault(version.score.outcomes, version)
        leading = list(chosen.values())[:_PARENTS]
        self._known: dict[str, Version] = {}
        self._parents = [_Parent(around, each, self._known) for each in leading]

    def write(self, most: int) -> list[Draft]:
        """The next drafts, the parents in turn; none when all had their share."""
        while self._parents:
            parent = self._parents.pop(0)
            drafts = parent.write(most)
            if drafts:
                self._parents.append(parent)
                return drafts
        return []

    def learn(self, versions: list[Version]) -> None:
        """Keep what became of the parents' neighbours, whoever tried them."""
        for version in versions:
            if self._parents:
                self._known[version.source] = version
            for parent in self._parents:
                parent.learn(version)
