"""A problem whose best answer is known, and the smallest evaluator and proposer there can be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

import pytest

from codegenesis.core.budget import Budget, Meter
from codegenesis.core.coders import Region
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.outcome import Discovery
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Draft, Task
from codegenesis.scenarios.discover.run import discover

PROGRAM = '''\
"""A line that should meet a point."""


def value(x):
    # EVOLVE-BLOCK-START
    return 0.5 * x + 1.0
    # EVOLVE-BLOCK-END
'''
_NUMBER = re.compile(r"-?\d+\.\d+")


class Numbers:
    """Scores a program by its numbers: the nearer to 3.14, the better. Runs nothing."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.confirmed: list[str] = []

    def evaluate(self, program: str) -> Evaluation:
        self.seen.append(program)
        return _scored(program)

    def confirm(self, program: str) -> Evaluation:
        self.confirmed.append(program)
        return _scored(program)


class Nudges:
    """Changes one number; now and then it breaks the program or writes nothing new."""

    name = "nudges"

    def __init__(self) -> None:
        self.learnt: list[tuple[Draft, Evaluation, Individual]] = []
        self.tasks: list[Task] = []

    def applies(self, problem: Problem) -> bool:
        return bool(_NUMBER.search(problem.program))

    def propose(self, task: Task) -> Sequence[Draft]:
        self.tasks.append(task)
        chance, text = Random(task.seed), task.parent.program
        spot = chance.choice(list(_NUMBER.finditer(text)))
        number = repr(round(float(spot[0]) + chance.gauss(0, 1), 2))
        if chance.random() < 0.1:
            number = chance.choice(["(", spot[0], f"({number} + 0.1)", f"{number}  "])
        program = text[: spot.start()] + number + text[spot.end() :]
        return [Draft(program=program, operator="nudges:number", words=f"{spot[0]} to {number}")]

    def learn(self, draft: Draft, evaluation: Evaluation, *, parent: Individual) -> None:
        self.learnt.append((draft, evaluation, parent))


def _scored(program: str) -> Evaluation:
    numbers = [float(found) for found in _NUMBER.findall(program)]
    if max(numbers) > 4:
        return Evaluation(error="too large", feedback="smaller numbers, please")
    wrong = sum((number - 3.14) ** 2 for number in numbers) / len(numbers)
    return Evaluation(score=-wrong, metrics={"numbers": len(numbers)}, behaviour=f"{wrong:.1f}")


@pytest.fixture
def problem() -> Problem:
    """A function with one line that may change."""
    return Problem(program=PROGRAM, path="line.py", regions=(Region(first=6, last=6),))


@pytest.fixture
def numbers() -> Numbers:
    """A fresh evaluator."""
    return Numbers()


@pytest.fixture
def nudges() -> Nudges:
    """A fresh proposer."""
    return Nudges()


@pytest.fixture
def discovered(problem: Problem, numbers: Numbers, nudges: Nudges) -> Callable[..., Discovery]:
    """Runs for a number of trials; takes what `discover` takes."""

    def run(trials: int, **options: object) -> Discovery:
        given = {"proposers": [nudges], "evaluators": numbers, "problem": problem, **options}
        meter = Meter(Budget(trials=trials))
        return discover(
            given.pop("problem"), given.pop("evaluators"), given.pop("proposers"),
            meter=meter, **given,
        )  # fmt: skip

    return run
