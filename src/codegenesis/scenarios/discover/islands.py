"""Several populations side by side: who is bred from, what it is shown, and who travels.

Islands (Tanese 1989; FunSearch has them for programs) keep one early success from filling the
whole run; every so often the best of each go to the next in a ring. A parent is an elite by
power law over ranks, or, to explore, the more novel and less used of two at random. Beside it a
proposer sees the island's best, neighbours in the archive and a stranger from another island,
and what lately came to nothing from the same parent.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Mapping
from itertools import accumulate
from random import Random

from codegenesis.model import Record
from codegenesis.scenarios.discover.archive import CELLS, Archive, Elite, Lineage
from codegenesis.scenarios.discover.individual import Individual
from codegenesis.scenarios.discover.novelty import Novelty
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Task
from codegenesis.scenarios.discover.shape import Shape

#: Features where the owner names none.
USUAL_FEATURES = ("complexity", "diversity")

_EXPLORING = 0.3
_INSPIRATIONS = 4
_FAILURES = 3
_PARENTS_WITH_FAILURES = 512
_POWER = 1.0
_BY_RANK = list(accumulate((rank + 1) ** -_POWER for rank in range(CELLS)))


class Habits(Record, frozen=True, kw_only=True):
    """How the populations live.

    Attributes:
        islands: how many.
        migrate_every: programs that an island sees between two journeys.
        migrants: share of an island's elites that travel, the best first; at least one.
    """

    islands: int = 4
    migrate_every: int = 50
    migrants: float = 0.05

    @classmethod
    def of(cls, settings: Mapping[str, float], *, islands: int | None = None) -> Habits:
        """As a peer's configuration has them (`Problem.settings`), and the usual ones else.

        Args:
            islands: how many, whatever is configured.
        """
        usual = cls()
        return cls(
            islands=islands or max(1, int(settings.get("islands", usual.islands))),
            migrate_every=max(1, int(settings.get("migration_interval", usual.migrate_every))),
            migrants=settings.get("migration_rate", usual.migrants),
        )


class Choice(Record, frozen=True):
    """A task, and the elite that it starts from."""

    task: Task
    parent: Elite


class Islands:
    """The populations of a run.

    Args:
        seed: of all chance in the choice of parents; the same step of the same state chooses alike.
    """

    def __init__(self, problem: Problem, habits: Habits, novelty: Novelty, *, seed: int) -> None:
        self._problem, self._habits, self._novelty, self._seed = problem, habits, novelty, seed
        self.features = problem.features or USUAL_FEATURES
        self.archives = [Archive(len(self.features)) for _ in range(habits.islands)]
        self._since = [0] * habits.islands
        self._failures: OrderedDict[str, deque[Individual]] = OrderedDict()

    def begin(self, line: Lineage, shape: Shape) -> Elite:
        """Put the program that was given on every island."""
        self._first = self._elite(line, shape, confirmed=True)
        for archive in self.archives:
            archive.add(self._copy(self._first))
        return self._first

    def choose(self, step: int) -> Choice:
        """The task of this step; islands take turns."""
        chance = Random(f"{self._seed} {step}")
        home = step % len(self.archives)
        parent = self._parent(self.archives[home], chance)
        parent.offspring += 1
        task = Task(
            problem=self._problem,
            parent=parent.individual,
            inspirations=self._inspirations(home, parent, chance),
            failures=tuple(self._failures.get(parent.individual.id, ())),
            island=home,
            seed=chance.getrandbits(63),
        )
        return Choice(task, parent)

    def settle(self, line: Lineage, shape: Shape, *, confirmed: bool) -> Elite | None:
        """Take an evaluated program in; the elite that it became, None when it did not."""
        individual = line.individual
        self._since[individual.island] += 1
        if individual.evaluation.score is None:
            return None
        elite = self._elite(line, shape, confirmed=confirmed)
        return elite if self.archives[individual.island].add(elite) else None

    def note_failure(self, parent: Individual, child: Individual) -> None:
        """Keep for feedback what came to nothing, or to less than its parent."""
        kept = self._failures.setdefault(parent.id, deque(maxlen=_FAILURES))
        kept.append(child)
        self._failures.move_to_end(parent.id)
        if len(self._failures) > _PARENTS_WITH_FAILURES:
            self._failures.popitem(last=False)

    def leaving(self, island: int) -> list[Elite]:
        """Those whose journey is due, the best of their island."""
        if len(self.archives) == 1 or self._since[island] < self._habits.migrate_every:
            return []
        self._since[island] = 0
        archive = self.archives[island]
        number = max(1, round(self._habits.migrants * len(archive)))
        return [archive.at(rank) for rank in range(min(number, len(archive)))]

    def arrive(self, elite: Elite, *, island: int) -> None:
        """Land a traveller on the island after this one."""
        self.archives[(island + 1) % len(self.archives)].add(self._copy(elite))

    def banish(self, elite: Elite) -> None:
        """Take a program out wherever it is; no island is left empty."""
        for archive in self.archives:
            for each in [each for each in archive if each.individual is elite.individual]:
                archive.drop(each)
            if not len(archive):
                archive.add(self._copy(self._first))

    def _copy(self, elite: Elite) -> Elite:
        return Elite(elite.line, features=elite.features, sketch=elite.sketch)

    def _elite(self, line: Lineage, shape: Shape, *, confirmed: bool) -> Elite:
        features = tuple(self._feature(name, line.individual, shape) for name in self.features)
        return Elite(line, features=features, sketch=shape.sketch, confirmed=confirmed)

    def _feature(self, name: str, individual: Individual, shape: Shape) -> float:
        usual = {"complexity": shape.size, "diversity": shape.distance, "score": individual.score}
        value = individual.evaluation.metrics.get(name, usual.get(name, 0.0))
        return float(value) if math.isfinite(value) else 0.0

    def _parent(self, archive: Archive, chance: Random) -> Elite:
        number = len(archive)
        if chance.random() >= _EXPLORING:
            rank = chance.choices(range(number), cum_weights=_BY_RANK[:number])[0]
            return archive.at(rank)
        pair = [archive.at(chance.randrange(number)) for _ in range(2)]
        return max(pair, key=self._appeal)

    def _appeal(self, elite: Elite) -> float:
        evaluation = elite.individual.evaluation
        return self._novelty.of(elite.sketch, evaluation.behaviour) / (1 + elite.offspring)

    def _inspirations(self, home: int, parent: Elite, chance: Random) -> tuple[Individual, ...]:
        archive = self.archives[home]
        near = archive.neighbours(parent)
        found = [archive.at(0), archive.at(chance.randrange(len(archive)))]
        found += chance.sample(near, min(1, len(near)))
        if len(self.archives) > 1:
            away = home + chance.randrange(1, len(self.archives))
            other = self.archives[away % len(self.archives)]
            found.append(other.at(min(len(other) - 1, int(chance.expovariate(1.0)))))
        others = {each.individual.id: each for each in found}
        others.pop(parent.individual.id, None)
        best_first = sorted(others.values(), key=lambda each: each.rank)
        return tuple(each.individual for each in best_first[:_INSPIRATIONS])
