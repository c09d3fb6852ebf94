"""Edits that were tried one by one, several at a time: cheap, and the likeliest way to a pair.

Two defects in different places rarely need an edit that only makes sense after the other. So edits
of the original that made a difference by themselves are combined directly, those first that
together pass the most cases, and combinations that turn out better than their parts are extended.
"""

from __future__ import annotations

import heapq
from itertools import count, pairwise

from codegenesis.core.genetic import Edit, applied
from codegenesis.core.repair.found import Draft, Version
from codegenesis.core.repair.neighbourhood import weight_of
from codegenesis.core.repair.promise import Promise

_SINGLES = 220
_EXTEND = 80
_ALIKE = 3
_LARGEST = 5

_Entry = tuple[float, int, tuple[Edit, ...]]


class Combiner:
    """Writes combinations of edits of the original.

    Args:
        singles: versions that are one edit away from the original.
    """

    name = "combinations"

    def __init__(self, original: str, singles: list[Version], promise: Promise) -> None:
        self._original = original
        self._promise = promise
        self._order = count()
        self._singles = _leading(singles, promise)
        self._parts = {version.trail: promise.of(version) for version in self._singles}
        self._heap: list[_Entry] = []
        self._combined: dict[str, tuple[Edit, ...]] = {}
        for at, one in enumerate(self._singles):
            for other in self._singles[at + 1 :]:
                self._push(one, other, (*one.trail, *other.trail))

    def write(self, most: int) -> list[Draft]:
        """The next combinations; none when all were written."""
        drafts: list[Draft] = []
        while self._heap and len(drafts) < most:
            _, _, trail = heapq.heappop(self._heap)
            source = applied(self._original, trail)
            if source is not None:
                self._combined[source] = trail
                drafts.append(Draft(source=source, trail=trail, weight=weight_of(trail)))
        return drafts

    def learn(self, versions: list[Version]) -> None:
        """Extend combinations that are better than what they are made of."""
        for version in versions:
            trail = self._combined.pop(version.source, None)
            if trail is None or version.passes or len(trail) >= _LARGEST:
                continue
            promise = self._promise.of(version)
            if promise > max(self._parts.get((edit,), 0.0) for edit in trail) + 1e-9:
                for single in self._singles[:_EXTEND]:
                    if single.trail[0] not in trail:
                        self._push(version, single, (*trail, *single.trail))

    def _push(self, one: Version, other: Version, trail: tuple[Edit, ...]) -> None:
        if _overlap(trail):
            return
        passed = zip(one.score.endings, other.score.endings, strict=False)
        together = sum("passed" in pair for pair in passed) / max(1, len(one.score.endings))
        rank = together + 0.5 * (self._promise.of(one) + self._promise.of(other))
        heapq.heappush(self._heap, (-rank, next(self._order), trail))


def _leading(singles: list[Version], promise: Promise) -> list[Version]:
    """Those that promise most, few of each behaviour."""
    alike: dict[tuple[int, ...], int] = {}
    leading = []
    for version in sorted(singles, key=lambda each: (-promise.of(each), -each.weight)):
        seen = alike.get(version.score.outcomes, 0)
        if not version.passes and seen < _ALIKE:
            alike[version.score.outcomes] = seen + 1
            leading.append(version)
    return leading[:_SINGLES]


def _overlap(trail: tuple[Edit, ...]) -> bool:
    spans = sorted((edit.start, edit.end) for edit in trail)
    return any(left[1] > right[0] for left, right in pairwise(spans))
