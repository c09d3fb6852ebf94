"""Several small populations that recombine and mutate, each with a MAP-Elites archive.

Where no single next edit helps, versions that solve different cases are crossed and several edits
are made at once. An archive (Mouret & Clune 2015) keeps the best version of each *cell*: which
cases pass, how the others fail, how far from the original; so variety is kept by what versions do,
not by chance. Parents are chosen by lexicase. Islands exchange their best now and then.
"""

from __future__ import annotations

from random import Random

from codegenesis.core.genetic import Edit, applied, crossover
from codegenesis.core.repair.found import Draft, Version
from codegenesis.core.repair.lexicase import lexicase
from codegenesis.core.repair.neighbourhood import Surroundings, weight_of
from codegenesis.core.repair.promise import Promise

_ISLANDS = 4
_MIGRATE = 24
_CELLS = 160
_DEEPEST = 10
_REMEMBERED = 64

_Cell = tuple[object, ...]


class Islands:
    """Writes offspring."""

    name = "evolution"

    def __init__(
        self, original: str, around: Surroundings, promise: Promise, *, rng: Random
    ) -> None:
        self._original = original
        self._around = around
        self._promise = promise
        self._rng = rng
        self._archives: list[dict[_Cell, Version]] = [{} for _ in range(_ISLANDS)]
        self._homes: dict[str, int] = {}
        self._edits: dict[str, list[Edit]] = {}
        self._rounds = 0

    def learn(self, versions: list[Version]) -> None:
        """Keep those that are the best of their cell; what others wrote goes to all in turn."""
        for number, version in enumerate(versions):
            if not version.passes and len(version.trail) <= _DEEPEST:
                home = self._homes.pop(version.source, number % _ISLANDS)
                self._settle(self._archives[home], version)

    def write(self, most: int) -> list[Draft]:
        """About so many offspring, from one island after the other."""
        self._rounds += 1
        if self._rounds % _MIGRATE == 0:
            self._migrate()
        drafts: list[Draft] = []
        for turn in range(4 * most):
            home = turn % _ISLANDS
            draft = self._offspring(self._archives[home]) if self._archives[home] else None
            if draft is not None:
                self._homes[draft.source] = home
                drafts.append(draft)
            if len(drafts) >= most:
                break
        return drafts

    def _offspring(self, archive: dict[_Cell, Version]) -> Draft | None:
        elites = list(archive.values())
        one = self._parent(elites)
        if len(elites) > 1 and self._rng.random() < 0.4:
            return self._crossed(one, self._parent(elites))
        return self._mutated(one)

    def _crossed(self, one: Version, other: Version) -> Draft | None:
        source = crossover(self._original, one.source, other.source, rng=self._rng)
        if source is None:
            return None
        weight = one.weight * other.weight
        return Draft(source=source, trail=(*one.trail, *other.trail), weight=weight)

    def _mutated(self, parent: Version) -> Draft | None:
        known = self._edits_of(parent.source)
        if not known:
            return None
        number = self._rng.choice((1, 1, 2, 2, 3))
        chosen = {min(int(self._rng.expovariate(6 / len(known))), len(known) - 1): None}
        while len(chosen) < min(number, len(known)):
            chosen[self._rng.randrange(len(known))] = None
        mutation = tuple(known[at] for at in chosen)
        source = applied(parent.source, mutation)
        if source is None:
            return None
        trail = (*parent.trail, *mutation)
        return Draft(source=source, trail=trail, weight=weight_of(trail))

    def _parent(self, elites: list[Version]) -> Version:
        left = lexicase(elites, distance=lambda each: each.score.distance, rng=self._rng)
        return self._rng.choice(left)

    def _edits_of(self, source: str) -> list[Edit]:
        if source not in self._edits:
            while len(self._edits) >= _REMEMBERED:
                del self._edits[next(iter(self._edits))]
            self._edits[source] = self._around.edits(source)[0]
        return self._edits[source]

    def _settle(self, archive: dict[_Cell, Version], version: Version) -> None:
        cell = _cell(version)
        rival = archive.get(cell)
        if rival is None or self._promise.of(version) > self._promise.of(rival):
            archive[cell] = version
        if len(archive) > _CELLS:
            worst = min(archive, key=lambda each: self._promise.of(archive[each]))
            del archive[worst]

    def _migrate(self) -> None:
        best = [
            max(archive.values(), key=self._promise.of) if archive else None
            for archive in self._archives
        ]
        for home, version in enumerate(best):
            if version is not None:
                self._settle(self._archives[(home + 1) % _ISLANDS], version)


def _cell(version: Version) -> _Cell:
    """What it does, roughly: how each case ends, and how many edits it took."""
    return (version.score.endings, min(len(version.trail), 5))
