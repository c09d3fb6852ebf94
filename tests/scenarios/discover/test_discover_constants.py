"""The search for constants: which numbers, which values, and that it finds good ones."""

from __future__ import annotations

import re
from random import Random

import pytest

from codegenesis.scenarios.discover.constants import Constants
from codegenesis.scenarios.discover.constants.literals import template
from codegenesis.scenarios.discover.constants.samplers import Covariance, Sampler, Strategy
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.nursery import Newborn, Nursery
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Task
from codegenesis.scenarios.discover.regions import regions_of

PROGRAM = '''\
LIMIT = 7.5


# EVOLVE-BLOCK-START
def value(x, xs):
    """Not 3.5, which is text."""
    table = [0.5, -2.0, 0.0]
    for i in range(10):
        x = x + xs[i + 1] * 2 - 3.25 ** 2
    return x * -4.0 + table[2] if x > 1 else np.zeros((3, 2)).sum(axis=0)
# EVOLVE-BLOCK-END
'''
LINE = """\
def value(x):
    # EVOLVE-BLOCK-START
    return 0.5 * x + 1.0
    # EVOLVE-BLOCK-END
"""
_NUMBER = re.compile(r"-?\d+\.\d+")


def problem(program: str) -> Problem:
    return Problem(program=program, path="program.py", regions=regions_of(program))


def individual(program: str, score: float) -> Individual:
    return Individual(id="a", number=0, program=program, evaluation=Evaluation(score=score))


def test_numbers_of_arithmetic_count_and_indices_sizes_and_exponents_do_not():
    found = template(problem(PROGRAM), PROGRAM)
    assert found is not None
    assert found.values == (0.5, -2.0, 0.0, 2.0, 3.25, -4.0, 1.0)
    assert found.scales[0] == found.scales[1] == found.scales[2] > 1


def test_a_program_filled_with_its_own_numbers_means_the_same():
    found = template(problem(PROGRAM), PROGRAM)
    assert found is not None
    again = found.filled(found.values)
    assert template(problem(PROGRAM), again) == found


def test_negative_numbers_are_put_where_they_can_stand():
    found = template(problem(LINE), LINE)
    assert found is not None
    assert "return -1.5 * x + (-2.0)" in found.filled([-1.5, -2.0])


@pytest.mark.parametrize("made", [Covariance, Strategy])
def test_samplers_find_the_bottom_of_a_bowl(made):
    if made is Covariance:
        pytest.importorskip("cma")
    sampler: Sampler = made(3, sigma=0.5, seed=1)
    best = float("-inf")
    for asked in range(700):
        point = sampler.ask()
        score = -sum((x - 0.7) ** 2 for x in point)
        sampler.tell(point, None if asked % 9 == 0 else score)
        best = max(best, score)
        if sampler.done:
            break
    assert best > -1e-3


def test_where_nothing_makes_a_difference_a_sampler_gives_up():
    sampler = Strategy(2, sigma=0.5, seed=1)
    for _ in range(400):
        sampler.tell(sampler.ask(), 0.0)
    assert sampler.done


def test_answers_may_come_late_in_any_order_or_never():
    pytest.importorskip("cma")
    sampler, rng, under_way = Covariance(2, sigma=0.5, seed=3), Random(0), []
    best = float("-inf")
    for _ in range(600):
        under_way.append(sampler.ask())
        if len(under_way) > 5:
            point = under_way.pop(rng.randrange(5))
            if rng.random() < 0.9:
                score = -((point[0] - 1) ** 2) - (point[1] + 1) ** 2
                best = max(best, score)
                sampler.tell(point, score)
    assert best > -1e-2


def tuned(proposer: Constants, program: str, *, tasks: int) -> float:
    """The best score of a line that should be 3.14 * x + 3.14."""
    best = individual(program, score(program))
    for seed in range(tasks):
        parent = best
        for draft in proposer.propose(Task(problem=problem(program), parent=parent, seed=seed)):
            evaluation = Evaluation(score=score(draft.program))
            proposer.learn(draft, evaluation, parent=parent)
            if evaluation.score is not None and evaluation.score > best.score:
                best = individual(draft.program, evaluation.score)
    return best.score


def score(program: str) -> float:
    return -sum((float(each) - 3.14) ** 2 for each in _NUMBER.findall(program))


def test_it_finds_the_numbers_through_the_loop():
    assert tuned(Constants(), LINE, tasks=100) > -1e-4


def test_it_works_without_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cma", None)
    assert tuned(Constants(), LINE, tasks=100) > -1e-2


def test_a_form_that_was_born_poor_gets_its_chance():
    nursery = Nursery()
    newborn = LINE.replace("0.5 * x", "0.5 * x * x - 9.0 * x")
    nursery.put(Newborn(program=newborn, parent="p", score=-100.0))
    proposer = Constants(nursery=nursery)
    written = [
        each
        for seed in range(20)
        for each in proposer.propose(
            Task(problem=problem(LINE), parent=individual(LINE, 0.0), seed=seed)
        )
    ]
    theirs = [each for each in written if "* x * x" in each.program]
    assert theirs
    assert theirs[0].parents == ("p",)


def test_a_program_without_numbers_gives_nothing():
    text = "# EVOLVE-BLOCK-START\ndef f(x):\n    return x\n# EVOLVE-BLOCK-END\n"
    task = Task(problem=problem(text), parent=individual(text, 0.0), seed=0)
    assert list(Constants().propose(task)) == []
