"""All that a run knows of its programs, fed with them one by one in the order of their numbers.

It decides nothing by the clock and nothing by thread, so feeding it what an earlier sitting has
recorded brings archives, islands and counts to where they were.
"""

from __future__ import annotations

from codegenesis.model import Record
from codegenesis.scenarios.discover import credit
from codegenesis.scenarios.discover.archive import Elite, Lineage
from codegenesis.scenarios.discover.individual import Individual
from codegenesis.scenarios.discover.islands import Choice, Habits, Islands
from codegenesis.scenarios.discover.judging import DISQUALIFIED
from codegenesis.scenarios.discover.novelty import Novelty
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.shape import Shape


class Place(Record, frozen=True):
    """What became of a program.

    Attributes:
        worth: 0..1, for whoever wrote it.
        elite: None when its cell had a better one, or it has no score.
        leaving: elites of its island whose journey is due now.
    """

    worth: float
    elite: Elite | None
    leaving: tuple[Elite, ...]


class Population:
    """The programs of a run, as far as they matter for what comes next."""

    def __init__(self, problem: Problem, habits: Habits, *, seed: int) -> None:
        self.novelty = Novelty()
        self.islands = Islands(problem, habits, self.novelty, seed=seed)
        self.count = self.valid = self.disqualified = 0
        self._best: Elite | None = None
        self._first: Individual | None = None

    @property
    def best(self) -> Elite:
        """The best of all, confirmed."""
        assert self._best, "the program that was given comes first"
        return self._best

    @property
    def first(self) -> Individual:
        """The program that was given."""
        assert self._first, "the program that was given comes first"
        return self._first

    def begin(self, first: Individual, shape: Shape) -> Elite:
        """Take in the program that was given."""
        self.novelty.meet(shape)
        self._count(first)
        self._first, self._best = first, self.islands.begin(Lineage(first), shape)
        return self._best

    def choose(self, step: int) -> Choice:
        """What is to be done at this step."""
        return self.islands.choose(step)

    def absorb(
        self, individual: Individual, shape: Shape, parent: Lineage | None, *, confirmed: bool
    ) -> Place:
        """Take in what was evaluated.

        Args:
            parent: what it was made from; None when nobody remembers.
            confirmed: its score is to be believed; only such a one can be the best of all.
        """
        self._count(individual)
        line = Lineage(individual, parent)
        elite = self.islands.settle(line, shape, confirmed=confirmed)
        worth = self._worth(individual, elite, parent)
        if parent and worth < credit.BETTER:
            self.islands.note_failure(parent.individual, individual)
        if worth == credit.BEST:
            self._best = elite
        return Place(worth, elite, tuple(self.islands.leaving(individual.island)))

    def travel(self, elite: Elite, *, island: int) -> None:
        """Let a confirmed elite of an island go on to the next."""
        elite.confirmed = True
        self.islands.arrive(elite, island=island)

    def disqualify(self, elite: Elite) -> None:
        """Take out what scored something else when it was confirmed."""
        self.disqualified += 1
        self.valid -= 1
        self.islands.banish(elite)

    def _count(self, individual: Individual) -> None:
        self.count += 1
        self.valid += individual.evaluation.score is not None
        self.disqualified += individual.evaluation.error.startswith(DISQUALIFIED)
        self.novelty.behaves(individual.evaluation.behaviour)

    def _worth(self, individual: Individual, elite: Elite | None, parent: Lineage | None) -> float:
        if elite and elite.confirmed and individual.score > self.best.individual.score:
            return credit.BEST
        if parent and individual.score > parent.individual.score:
            return credit.BETTER
        return credit.KEPT if elite else credit.NOTHING
