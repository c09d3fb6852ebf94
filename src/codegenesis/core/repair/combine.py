"""Edits that were tried one by one, several at a time: cheap, and the likeliest way to a pair.

Two defects in different places rarely need an edit that only makes sense after the other. So edits
of the original that made a difference by themselves are combined directly, those first that
together pass the most cases, and combinations that turn out better than their parts are extended.
"""

from __future__ import annotations

import heapq
from itertools import combinations, count, pairwise
from typing import NamedTuple

from codegenesis.core.genetic import Edit, applied
from codegenesis.core.repair.found import Draft, Version
from codegenesis.core.repair.neighbourhood import weight_of
from codegenesis.core.repair.promise import Promise

_SINGLES = 200
_EXTEND = 80
_ALIKE, _NEUTRAL = 3, 30
_LARGEST = 5

_Entry = tuple[float, int, tuple[Edit, ...]]


class _Piece(NamedTuple):
    """A version as a part of combinations: what it promises, and passed cases as bits."""

    trail: tuple[Edit, ...]
    promise: float
    passed: int
    weight: float


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
        self._parts = {piece.trail[0]: piece.promise for piece in self._singles}
        self._cases = max((len(version.score.endings) for version in singles), default=1)
        self._combined: dict[str, tuple[Edit, ...]] = {}
        self._heap: list[_Entry] = [
            self._entry(one, other) for one, other in combinations(self._singles, 2)
        ]
        heapq.heapify(self._heap)

    def write(self, most: int) -> list[Draft]:
        """The next combinations; none when all were written."""
        drafts: list[Draft] = []
        while self._heap and len(drafts) < most:
            _, _, trail = heapq.heappop(self._heap)
            source = None if _overlap(trail) else applied(self._original, trail)
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
            piece = _piece(version, self._promise)
            if piece.promise > max(self._parts.get(edit, 0.0) for edit in trail) + 1e-9:
                for single in self._singles[:_EXTEND]:
                    if single.trail[0] not in trail:
                        heapq.heappush(self._heap, self._entry(piece, single))

    def _entry(self, one: _Piece, other: _Piece) -> _Entry:
        """Those that pass most together first, then those that promise most."""
        together = (one.passed | other.passed).bit_count() / self._cases
        rank = together + 0.5 * (one.promise + other.promise) + 0.1 * (one.weight + other.weight)
        return -rank, next(self._order), (*one.trail, *other.trail)


def _leading(singles: list[Version], promise: Promise) -> list[_Piece]:
    """Those that promise most, few of each behaviour."""
    alike: dict[tuple[int, ...], int] = {}
    pieces = [(version, _piece(version, promise)) for version in singles if not version.passes]
    pieces.sort(key=lambda pair: (-pair[1].promise, -pair[1].weight))
    leading = []
    for version, piece in pieces:
        seen = alike.get(version.score.outcomes, 0)
        if seen < (_NEUTRAL if -0.05 < piece.promise < 0 else _ALIKE):
            alike[version.score.outcomes] = seen + 1
            leading.append(piece)
    return leading[:_SINGLES]


def _piece(version: Version, promise: Promise) -> _Piece:
    endings = enumerate(version.score.endings)
    passed = sum(1 << at for at, ending in endings if ending == "passed")
    return _Piece(version.trail, promise.of(version), passed, version.weight)


def _overlap(trail: tuple[Edit, ...]) -> bool:
    spans = sorted((edit.start, edit.end) for edit in trail)
    return any(left[1] > right[0] for left, right in pairwise(spans))
