"""Killed and gone on with: nothing that was recorded is evaluated again."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from codegenesis.config import load
from codegenesis.core.budget import Budget, Meter
from codegenesis.errors import NotEvolvableError
from codegenesis.lifecycle.campaigns import runs
from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.islands import Habits
from codegenesis.scenarios.discover.keeping import Journal
from codegenesis.scenarios.discover.population import Population
from codegenesis.scenarios.discover.run import discover
from codegenesis.scenarios.discover.shape import Reader
from codegenesis.store import Store

HERE = Path(__file__).parent


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A fresh store."""
    with Store.open(tmp_path / "genesis.db") as opened:
        yield opened


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The store of a run that was killed in the middle of it."""
    path = tmp_path / "killed.db"
    command = [sys.executable, HERE / "endless_run.py", HERE / "conftest.py", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if int(line) > 300 and _recorded(path) > 100:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    return path


def _recorded(path: Path) -> int:
    with Store.open(path, read_only=True) as store:
        return sum(store.discoveries.count(run.id) for run in store.runs.all())


def _resumed(store: Store, problem, numbers, nudges, trials: int):
    keeper = runs.resume(store, load(), command="discover")
    meter = Meter(Budget(trials=trials))
    return discover(problem, numbers, [nudges], meter=meter, store=store, keeper=keeper)


def test_a_killed_run_goes_on_and_evaluates_nothing_again(killed, problem, numbers, nudges):
    with Store.open(killed) as store:
        run = store.runs.all()[0]
        before = list(store.discoveries.of_run(run.id))

        found = _resumed(store, problem, numbers, nudges, 100)
        after = list(store.discoveries.of_run(run.id))

    assert [each.number for each in before] == list(range(len(before)))
    assert not {each.program for each in before} & set(numbers.seen)
    assert len(numbers.seen) == 100
    assert after[: len(before)] == before
    assert found.individuals == len(after) == len(before) + 100
    assert found.best.score >= max(each.score for each in before if each.score is not None)
    assert found.lineage[-1].number == 0


def test_archives_and_islands_are_as_they_were(store, problem, numbers, nudges):
    meter = Meter(Budget(trials=500))
    found = discover(problem, numbers, [nudges], meter=meter, store=store, islands=3)

    population = Population(problem, Habits(islands=3), seed=0)
    journal = Journal(store, runs.Keeper(store, store.runs.one(found.run)))
    assert journal.recall(population) == 0.0

    tops = [archive.best.individual.score for archive in population.islands.archives]
    assert tuple(tops) == found.islands
    assert population.count == 500
    assert population.valid == found.valid
    assert tuple(population.best.line) == found.lineage
    reader = Reader(problem.program)
    assert not any(population.novelty.meet(reader.read(program)) for program in numbers.seen)


def test_a_run_that_was_stopped_by_its_budget_can_be_given_more(store, problem, numbers, nudges):
    config = replace(load(overrides={"budget": "40trials"}))
    keeper = runs.begin(store, config, command="discover", targets=["line.py"])
    meter = Meter(runs.remaining(keeper.run))
    discover(problem, numbers, [nudges], meter=meter, store=store, keeper=keeper)
    assert store.runs.all()[0].state == "stopped"

    more = load(overrides={"budget": "25trials"})
    keeper = runs.resume(store, more, command="discover")
    meter = Meter(runs.remaining(keeper.run))
    found = discover(problem, numbers, [nudges], meter=meter, store=store, keeper=keeper)

    assert found.individuals == 65
    assert store.runs.all()[0].trials == 65


def test_a_run_that_came_to_its_end_is_finished(store, problem, numbers):
    class Silent:
        name = "silent"

        def applies(self, problem):
            return True

        def propose(self, task):
            return ()

        def learn(self, draft, evaluation, *, parent):
            raise AssertionError("there was no draft")

    found = discover(problem, numbers, [Silent()], meter=Meter(Budget(trials=9)), store=store)

    assert found.individuals == 1
    assert store.runs.all()[0].state == "finished"
    assert [step.state for step in store.runs.steps(found.run)] == ["nothing"]


def test_a_run_that_could_not_begin_is_over(store, problem, nudges):
    class Broken:
        def evaluate(self, program):
            return Evaluation(error="NameError: name 'numpy' is not defined")

        confirm = evaluate

    with pytest.raises(NotEvolvableError, match="numpy"):
        discover(problem, Broken(), [nudges], meter=Meter(Budget(trials=9)), store=store)

    run = store.runs.all()[0]
    assert run.state == "finished"
    assert store.discoveries.count(run.id) == 0


def test_what_was_disqualified_stays_so(store, problem, numbers, nudges):
    class Forged:
        def evaluate(self, program):
            honest = numbers.evaluate(program)
            lies = program != problem.program and len(program) % 2
            return replace(honest, score=1e9 + len(program)) if lies else honest

        def confirm(self, program):
            return numbers.confirm(program)

    claims = replace(problem, kind="run")
    meter = Meter(Budget(trials=200))
    found = discover(claims, Forged(), [nudges], meter=meter, store=store)

    population = Population(claims, Habits(), seed=0)
    Journal(store, runs.Keeper(store, store.runs.one(found.run))).recall(population)

    assert population.disqualified == found.disqualified > 0
    assert population.best.individual.score == found.best.score
