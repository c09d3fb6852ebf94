"""A run as it is kept: every evaluated program, so that a killed run goes on where it was.

Rows are gathered and written twice a second in one transaction, so two hundred programs a second
cost the loop next to nothing, and a SIGKILL costs half a second of work. Going on means to feed the
rows to a new population; none of them is evaluated again.
"""

from __future__ import annotations

import time

from msgspec.structs import replace

from codegenesis.core.budget import Meter
from codegenesis.lifecycle.campaigns.runs import Keeper
from codegenesis.model import RunStep
from codegenesis.scenarios.discover.archive import Lineage
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.population import Population
from codegenesis.scenarios.discover.shape import Shape
from codegenesis.store import Store
from codegenesis.store.discoveries import Program

_EVERY_S = 0.5
_MONEY_EVERY_S = 1.0
_MOST_FEEDBACK = 4000


class Journal:
    """Writes a run down.

    Args:
        keeper: of the run, already begun or taken up again.
    """

    def __init__(self, store: Store, keeper: Keeper) -> None:
        self._store, self._keeper = store, keeper
        if not keeper.steps:
            target = " ".join(keeper.run.targets)
            keeper.plan([RunStep(run=keeper.run.id, position=0, target=target)])
        self._waiting: dict[int, Program] = {}
        self._flushed = self._kept = time.monotonic()

    @property
    def run(self) -> str:
        """`Run.id`."""
        return self._keeper.run.id

    def note(
        self,
        individual: Individual,
        shape: Shape,
        *,
        confirmed: bool,
        claimed: float | None = None,
        usd: float = 0.0,
    ) -> None:
        """Keep a program as it stands; the same number again takes its place.

        Args:
            claimed: score of the evaluation that was to be confirmed.
        """
        evaluation = individual.evaluation
        self._waiting[individual.number] = Program(
            run=self.run,
            number=individual.number,
            id=individual.id,
            program=individual.program,
            digest=shape.digest,
            size=shape.size,
            distance=shape.distance,
            sketch=shape.sketch,
            score=evaluation.score,
            claimed=claimed,
            confirmed=confirmed,
            metrics=evaluation.metrics,
            feedback=evaluation.feedback[:_MOST_FEEDBACK],
            error=evaluation.error[:_MOST_FEEDBACK],
            stage=evaluation.stage,
            seconds=evaluation.seconds,
            behaviour=evaluation.behaviour,
            island=individual.island,
            generation=individual.generation,
            parents=individual.parents,
            operator=individual.operator,
            model=individual.model,
            words=individual.words,
            usd=usd,
            at_ns=time.time_ns(),
        )

    def amend(self, individual: Individual, verdict: Evaluation, *, meter: Meter) -> None:
        """Keep what became of a program when its score was to be confirmed later."""
        self.flush(meter, due=False)
        self._store.discoveries.confirm(
            self.run,
            individual.number,
            score=verdict.score,
            claimed=individual.evaluation.score,
            error=verdict.error,
        )

    def flush(self, meter: Meter, *, due: bool = True) -> None:
        """Write down what waits.

        Args:
            due: only when it has waited for long enough.
        """
        now = time.monotonic()
        if due and now - self._flushed < _EVERY_S:
            return
        self._flushed = now
        self._store.discoveries.put(self._waiting.values())
        self._waiting.clear()
        if now - self._kept >= _MONEY_EVERY_S:
            self._kept = now
            self._keeper.keep(meter)

    def end(self, meter: Meter, *, trials: int, reason: str, found: bool, over: bool) -> None:
        """Write down how this sitting ended.

        Args:
            trials: programs so far.
            reason: what came of it, in words.
            found: whether there is something better.
            over: the run cannot be gone on with.
        """
        self.flush(meter, due=False)
        step = replace(
            self._keeper.steps[0],
            state=("found" if found else "nothing") if over else "planned",
            reason=reason,
            trials=trials,
            seconds=self._keeper.run.seconds + meter.seconds,
        )
        self._keeper.note(step)
        self._keeper.keep(meter, state="finished" if over else "stopped")

    def recall(self, population: Population) -> float | None:
        """Bring a population to where the run was.

        Returns:
            How far the first program's score was from what it had claimed; None when nothing is
            recorded.
        """
        noise: float | None = None
        lines: dict[str, Lineage] = {}
        for row in self._store.discoveries.of_run(self.run):
            individual = _individual(row)
            shape = Shape(row.digest, row.size, row.distance, row.sketch)
            if noise is None:
                line = population.begin(individual, shape).line
                noise = abs((row.claimed or individual.score) - individual.score)
            else:
                parent = lines.get(row.parents[0]) if row.parents else None
                line = _relived(population, individual, shape, parent, confirmed=row.confirmed)
            lines[individual.id] = line
        return noise


def _relived(
    population: Population,
    individual: Individual,
    shape: Shape,
    parent: Lineage | None,
    *,
    confirmed: bool,
) -> Lineage:
    population.novelty.meet(shape)
    place = population.absorb(individual, shape, parent, confirmed=confirmed)
    for elite in place.leaving:
        if elite.confirmed:
            population.travel(elite, island=individual.island)
    return place.elite.line if place.elite else Lineage(individual, parent)


def _individual(row: Program) -> Individual:
    return Individual(
        id=row.id,
        number=row.number,
        program=row.program,
        evaluation=Evaluation(
            score=row.score,
            metrics=row.metrics,
            feedback=row.feedback,
            error=row.error,
            stage=row.stage,
            seconds=row.seconds,
            behaviour=row.behaviour,
        ),
        island=row.island,
        generation=row.generation,
        parents=row.parents,
        operator=row.operator,
        model=row.model,
        words=row.words,
    )
