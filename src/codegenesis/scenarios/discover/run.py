"""`discover`: evolve a program against a score until the budget is spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codegenesis.config import Config, load
from codegenesis.core.budget import Meter
from codegenesis.errors import NotEvolvableError
from codegenesis.lifecycle.campaigns import runs
from codegenesis.lifecycle.campaigns.runs import Keeper
from codegenesis.model import digest
from codegenesis.scenarios.discover.crew import Crew, Evaluating
from codegenesis.scenarios.discover.frame import Frame
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.islands import Habits
from codegenesis.scenarios.discover.judging import Judgement, mean_of
from codegenesis.scenarios.discover.keeping import Journal
from codegenesis.scenarios.discover.loop import EXHAUSTED, Loop, Parts
from codegenesis.scenarios.discover.outcome import Discovery, Standing
from codegenesis.scenarios.discover.population import Population
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Proposer, Waiting
from codegenesis.scenarios.discover.shape import Reader
from codegenesis.store import Store

#: Longest evaluation that is done once more at the end, when the time is over already.
_AGAIN_S = 5.0


def discover(
    problem: Problem,
    evaluators: Evaluating,
    proposers: Sequence[Proposer],
    *,
    meter: Meter,
    store: Store | None = None,
    config: Config | None = None,
    keeper: Keeper | None = None,
    habits: Habits | None = None,
    islands: int | None = None,
    seed: int = 0,
    jobs: int = 2,
    tell: Callable[[str], None] = lambda _: None,
    watch: Callable[[Standing], None] = lambda _: None,
) -> Discovery:
    """Evolve a program against its score.

    With `jobs=1` and no proposer that waits for others, the same seed gives the same programs.

    Args:
        evaluators: scores programs, from `jobs` threads at once.
        meter: ends the run; every evaluation is a trial. Money is counted by whoever spends it.
        store: where every program is kept as it is evaluated; None keeps nothing.
        config: settings that are written down with the run; the usual ones when left out.
        keeper: a run that was begun or taken up again elsewhere; what it has recorded is not
            evaluated again. Needs the store.
        habits: how populations live; as the problem's settings have it when left out.
        islands: how many populations, whatever the settings have.
        tell: gets what happens, in words.
        watch: gets how the run stands, several times a second.

    Raises:
        NotEvolvableError: the program has no score to begin with, or nobody can write for it.
        StoreError: it cannot be kept.
    """
    able = _able(problem, proposers)
    if store is not None and keeper is None:
        keeper = runs.begin(store, config or load(), command="discover", targets=[problem.path])
    journal = Journal(store, keeper) if store is not None and keeper is not None else None
    population = Population(
        problem, habits or Habits.of(problem.settings, islands=islands), seed=seed
    )
    reader = Reader(problem.program)
    noise = journal.recall(population) if journal else None
    if noise is None:
        meter.spend(trials=1)
        noise = _begin(
            problem, evaluators, population=population, reader=reader, journal=journal, meter=meter
        )
    parts = Parts(
        run=journal.run if journal else "",
        seed=seed,
        jobs=jobs,
        proposers=able,
        population=population,
        reader=reader,
        frame=Frame(problem),
        judgement=Judgement(problem, noise=noise),
        meter=meter,
        journal=journal,
        tell=tell,
        watch=watch,
    )
    return _through(parts, evaluators)


def _able(problem: Problem, proposers: Sequence[Proposer]) -> list[Proposer]:
    able = [proposer for proposer in proposers if proposer.applies(problem)]
    if not able:
        raise NotEvolvableError(
            f"{problem.path}: nobody can write programs for it",
            remedy="Configure a model (`codegenesis models`), or mark what may change with "
            "EVOLVE-BLOCK-START and EVOLVE-BLOCK-END.",
        )
    return able


def _begin(
    problem: Problem,
    evaluators: Evaluating,
    *,
    population: Population,
    reader: Reader,
    journal: Journal | None,
    meter: Meter,
) -> float:
    """Evaluate the program that was given, twice.

    Returns:
        How far its evaluations are apart.
    """
    claimed = evaluation = evaluators.evaluate(problem.program)
    if claimed.score is not None:
        again = evaluators.confirm(problem.program)
        evaluation = again if problem.kind == "run" else mean_of(claimed, again, times=2)
    shape = reader.read(problem.program)
    if evaluation.score is None or shape is None:
        if journal:
            journal.end(meter, trials=1, reason="no score to begin with", found=False, over=True)
        raise _without_score(problem, evaluation)
    run = journal.run if journal else ""
    first = Individual(
        id=digest(run, problem.program)[:16],
        number=0,
        program=problem.program,
        evaluation=evaluation,
        operator="given",
    )
    population.begin(first, shape)
    if journal:
        journal.note(first, shape, confirmed=True, claimed=claimed.score)
    return abs((claimed.score or 0.0) - evaluation.score)


def _without_score(problem: Problem, evaluation: Evaluation) -> NotEvolvableError:
    said = "\n".join(filter(None, [evaluation.error, evaluation.feedback]))
    return NotEvolvableError(
        f"{problem.path}: the program has no score to begin with: {said or 'no reason was given'}",
        remedy="Make it run under its evaluator first; whatever is evolved starts from it.",
    )


def _through(parts: Parts, evaluators: Evaluating) -> Discovery:
    proposers, population, meter = parts.proposers, parts.population, parts.meter
    waiting = {each.name: each for each in proposers if isinstance(each, Waiting)}
    with Crew(evaluators, jobs=parts.jobs, waiting=waiting) as crew:
        loop = Loop(parts, crew)
        reason = ""
        try:
            reason = loop.through()
            again = _again(parts, crew, evaluators)
        finally:
            if parts.journal:
                _write_end(parts, parts.journal, reason)
    archives = population.islands.archives
    lineage = tuple(population.best.line)
    return Discovery(
        run=parts.run,
        first=population.first,
        best=lineage[0],
        reason=reason,
        lineage=lineage,
        steps=tuple(loop.books.steps),
        tallies=loop.books.tallies(loop.credit),
        islands=tuple(top.individual.score for top in (each.best for each in archives) if top),
        individuals=population.count,
        valid=population.valid,
        disqualified=population.disqualified,
        known=loop.books.known,
        seconds=meter.seconds,
        usd=meter.usd,
        again=again,
    )


def _again(parts: Parts, crew: Crew, evaluators: Evaluating) -> Evaluation | None:
    """The best once more: scores that chance has a hand in look better than they are."""
    best = parts.population.best.individual
    quick = best.evaluation.seconds <= max(_AGAIN_S, parts.meter.left_s)
    if best.number == 0 or crew.evaluating or not quick:
        return None
    return evaluators.confirm(best.program)


def _write_end(parts: Parts, journal: Journal, reason: str) -> None:
    """Keep how this sitting ended, however it did."""
    population = parts.population
    best, first = population.best.individual, population.first
    journal.end(
        parts.meter,
        trials=population.count,
        reason=f"score {best.score:.6g}, at first {first.score:.6g}",
        found=best.score > first.score,
        over=reason == EXHAUSTED,
    )
