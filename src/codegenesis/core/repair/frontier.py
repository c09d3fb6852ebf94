"""Best-first search over behaviours: which version gets the next edit.

Versions that no case can tell apart are one *behaviour*; it is the behaviour that is worth more
trials or not. Behaviours are ranked by what they promise, and the one at rank r gets a share of
about 1/(r+1) of the trials, whichever way the ranks move meanwhile: the best is searched deepest,
and nothing that once looked promising starves. Every other turn goes to lexicase selection.

A beam of fixed width would drop the enabling first edit of a pair as soon as enough versions with a
better mean exist.
"""

from __future__ import annotations

from random import Random

from codegenesis.core.repair.found import Draft, Version
from codegenesis.core.repair.lexicase import lexicase
from codegenesis.core.repair.neighbourhood import Neighbourhood, Surroundings
from codegenesis.core.repair.promise import Promise

_CHUNK = 48
_MEMBERS = 6
_DECAY = 0.8
_MOST = 600
_DEEPEST = 8


class Behaviour:
    """Versions that the cases cannot tell apart."""

    def __init__(self, promise: float, distance: tuple[float, ...]) -> None:
        self.promise = promise
        self.distance = distance
        self.spent = 0
        self.members: list[tuple[Version, Neighbourhood]] = []

    def add(self, version: Version, around: Surroundings) -> None:
        """Keep it when it is one of the likeliest of its behaviour."""
        self.members.append((version, Neighbourhood(around, version.source, version.trail)))
        self.members.sort(key=lambda member: -member[0].weight)
        del self.members[_MEMBERS:]

    def take(self, most: int) -> list[Draft]:
        """Drafts from the member that is most behind its share."""
        self.spent += 1
        while self.members:
            shares = [
                (1 + member[1].taken) * (rank + 1) for rank, member in enumerate(self.members)
            ]
            at = shares.index(min(shares))
            drafts = self.members[at][1].take(most)
            if drafts:
                return drafts
            del self.members[at]
        return []


class Frontier:
    """Writes neighbours of the versions that promise most."""

    name = "neighbours"

    def __init__(self, around: Surroundings, promise: Promise, *, rng: Random) -> None:
        self._around = around
        self._promise = promise
        self._rng = rng
        self._behaviours: dict[tuple[int, ...], Behaviour] = {}
        self._ranked: list[Behaviour] | None = None
        self._turn = 0

    def learn(self, versions: list[Version]) -> None:
        """Take in versions that fail."""
        for version in versions:
            if version.passes or len(version.trail) >= _DEEPEST:
                continue
            known = self._behaviours.get(version.score.outcomes)
            promise = self._promise.of(version)
            if known is None:
                known = Behaviour(promise, version.score.distance)
                self._behaviours[version.score.outcomes] = known
                self._ranked = None
            known.add(version, self._around)

    def write(self, most: int) -> list[Draft]:
        """About so many drafts; none when nothing is left."""
        drafts: list[Draft] = []
        while len(drafts) < most and self._behaviours:
            behaviour = self._pick()
            taken = behaviour.take(_CHUNK)
            if not taken and not behaviour.members:
                self._drop(behaviour)
            drafts += taken
        return drafts

    def _pick(self) -> Behaviour:
        self._turn += 1
        if self._turn % 2:
            return self._by_rank()
        return self._by_cases()

    def _by_rank(self) -> Behaviour:
        shares = [
            (1 + behaviour.spent) * (rank + 1) ** _DECAY
            for rank, behaviour in enumerate(self._in_order())
        ]
        return self._in_order()[shares.index(min(shares))]

    def _by_cases(self) -> Behaviour:
        """Lexicase; among equals the one that was searched least."""
        left = lexicase(self._in_order(), distance=lambda each: each.distance, rng=self._rng)
        return min(left, key=lambda behaviour: behaviour.spent)

    def _in_order(self) -> list[Behaviour]:
        if self._ranked is None:
            everything = list(self._behaviours.values())
            everything.sort(key=lambda behaviour: -behaviour.promise)
            self._ranked = everything[:_MOST]
        return self._ranked

    def _drop(self, behaviour: Behaviour) -> None:
        for key, value in list(self._behaviours.items()):
            if value is behaviour:
                del self._behaviours[key]
        self._ranked = None
