"""Who gets how many turns: strategies take small steps in a fixed order until one has it.

Turns are counted in expressions tried, not seconds, so that a run can be repeated. After the first
solution the search goes on for as long as that one was dear: what is small is probably meant, and
what is large may be beaten by what another strategy is about to find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from random import Random

from codegenesis.arena.synthesis.aims import Aim
from codegenesis.arena.synthesis.bank import Bank, Entry, Part
from codegenesis.arena.synthesis.bench import Bench
from codegenesis.arena.synthesis.each import Each
from codegenesis.arena.synthesis.genetic import Genetic
from codegenesis.arena.synthesis.grammar import parts
from codegenesis.arena.synthesis.leaves import attributes, leaves
from codegenesis.arena.synthesis.loops import Loops
from codegenesis.arena.synthesis.messages import Found
from codegenesis.arena.synthesis.parcels import Parcels
from codegenesis.arena.synthesis.problem import Problem
from codegenesis.arena.synthesis.recursion import recursions
from codegenesis.arena.synthesis.solutions import Solutions
from codegenesis.arena.synthesis.sources import sources
from codegenesis.arena.synthesis.whiles import Whiles

_EAGER_COST = 3
_LOOK_EVERY = 1500
_BREED_AFTER = 150_000
_PATIENCE = 2000  # expressions for each square of the best solution's cost
_LONGEST_PATIENCE = 400_000

Strategy = Iterator[None]


class Search:
    """One search from its examples to its solutions.

    Args:
        extra: helpers of the module.
        tell: is told of solutions.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        extra: Sequence[Part] = (),
        tell: Callable[[Found], None],
        seed: int = 0,
        enough: int = 5,
    ) -> None:
        self._problem = problem
        self._rng = Random(seed)
        self._enough = enough
        self._parts = [*extra, *attributes(problem), *parts(problem.kinds)]
        self._genetic: Genetic | None = None
        self.solutions = Solutions(problem, tell, lambda: self.trials)
        self._bench = Bench(problem, self.solutions.take, self._rng)
        self._banks: list[Bank] = []
        self._aims = [Aim(problem.wanted, self.solutions.take, lenient=problem.lenient)]
        self._aims += self.solutions.guard_aims()
        self._aims += Parcels(problem.wanted, self.solutions.take, lenient=problem.lenient).aims()
        self.bank = Bank(leaves(problem), self._parts, known=problem.judged, watch=self._see)
        self._banks.append(self.bank)

    @property
    def trials(self) -> int:
        """Expressions tried so far."""
        bred = self._genetic.trials if self._genetic else 0
        return sum(bank.trials for bank in self._banks) + self._bench.trials + bred

    def run(self) -> Iterator[int]:
        """Search until nothing is left, or what was found will do; gives the trials so far."""
        for _ in self._eagerly():
            yield self.trials
        strategies = [(_kept_up(each), weight) for each, weight in self._strategies()]
        while strategies and not self._is_enough():
            for pair in list(strategies):
                strategy, weight = pair
                steps = 0
                for _ in islice(strategy, weight):
                    steps += 1
                    yield self.trials
                if steps < weight:
                    strategies.remove(pair)
                if self._is_enough():
                    return

    def _see(self, entry: Entry) -> None:
        for aim in self._aims:
            aim.see(entry)

    def _eagerly(self) -> Strategy:
        growing = self.bank.grow()
        while self.bank.cost < _EAGER_COST and not self.bank.full:
            yield next(growing)
        self._growing = growing

    def _strategies(self) -> list[tuple[Strategy, int]]:
        made: list[tuple[Strategy, int]] = [(self._main(), 10)]
        loops = sources(self._problem, self.bank)
        made += [(strategy, 1) for strategy in Loops(self._bench, loops).strategies()]
        made += [(strategy, 1) for strategy in Whiles(self._bench).strategies()]
        made += [(each, 2) for each in recursions(self._problem, self.solutions.take)]
        for source in loops:
            each = Each(
                source,
                self.bank,
                self._parts,
                self._problem.wanted,
                self.solutions.take,
                lenient=self._problem.lenient,
            )
            self._banks.append(each.bank)
            made.append((each.run(), {1: 16, 2: 6, 3: 2}.get(source.cost, 1)))
        made.append((self._bred(), 5))
        made[0] = (made[0][0], max(10, sum(weight for _, weight in made[1:])))
        return made

    def _main(self) -> Strategy:
        told = cost = 0
        yield from self._combined()
        for step in self._growing:
            yield step
            if len(self.bank.entries) - told > _LOOK_EVERY or self.bank.cost > cost:
                told, cost = len(self.bank.entries), self.bank.cost
                yield from self._combined()
        yield from self._combined()

    def _bred(self) -> Strategy:
        """Genetic search, once enumeration has had its chance."""
        while self.trials < _BREED_AFTER and not self.bank.full:
            yield
        self._genetic = Genetic(self.bank, self._aims[0], self.solutions.take, self._rng)
        yield from self._genetic.run()

    def _combined(self) -> Strategy:
        for aim in self._aims:
            yield from aim.combine(self.bank)

    def _is_enough(self) -> bool:
        found = self.solutions
        if not found.best:
            return False
        cost, at = found.best
        if found.count >= self._enough and cost <= 6:
            return True
        return self.trials > at + min(_PATIENCE * cost * cost, _LONGEST_PATIENCE)


def _kept_up(strategy: Strategy) -> Strategy:
    """A strategy that ends where the user's own values raise at being compared or looped over."""
    try:
        yield from strategy
    except Exception:  # noqa: BLE001 (boundary to the user's classes: arrays have no truth, say)
        return
