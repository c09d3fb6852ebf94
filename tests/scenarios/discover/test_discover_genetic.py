"""Genetic programming as a proposer: what it writes is valid, new, typed and stays in its place."""

from __future__ import annotations

import ast
from random import Random

import pytest

from codegenesis.parsing import syntax_tree
from codegenesis.scenarios.discover.frame import Frame
from codegenesis.scenarios.discover.genetic import Genetic
from codegenesis.scenarios.discover.genetic.kinds import variables
from codegenesis.scenarios.discover.genetic.parts import parts
from codegenesis.scenarios.discover.genetic.scope import scope
from codegenesis.scenarios.discover.genetic.simplify import simplified
from codegenesis.scenarios.discover.individual import Evaluation, Individual
from codegenesis.scenarios.discover.nursery import Nursery
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Draft, Task
from codegenesis.scenarios.discover.regions import regions_of

ARRAYS = '''\
import numpy as np


# EVOLVE-BLOCK-START
def rank(size: float, rooms: np.ndarray) -> np.ndarray:
    """Which room is wanted."""
    return -(rooms - size)
# EVOLVE-BLOCK-END


def best(size, rooms):
    return int(rank(size, rooms).argmax())
'''
INSIDE = """\
def start():
    return 1


class Walk:
    def step(self, x: float) -> float:
        y = x
        for _ in range(3):
            # EVOLVE-BLOCK-START
            y = y * 0.5 + x
            # EVOLVE-BLOCK-END
        return y
"""


def problem(program: str) -> Problem:
    return Problem(program=program, path="program.py", regions=regions_of(program))


def individual(program: str, *, score: float = 1.0, number: int = 0) -> Individual:
    return Individual(
        id=str(number), number=number, program=program, evaluation=Evaluation(score=score)
    )


def drafts(program: str, tasks: int, *, proposer: Genetic | None = None) -> list[Draft]:
    """What is written for the first program, and then for what was written."""
    proposer, pool, found = proposer or Genetic(), [individual(program)], []
    for seed in range(tasks):
        task = Task(
            problem=problem(program),
            parent=pool[seed % min(len(pool), 6)],
            inspirations=tuple(pool[-2:]),
            seed=seed,
        )
        written = proposer.propose(task)
        found += written
        pool += [individual(each.program, number=len(pool) + i) for i, each in enumerate(written)]
    return found


@pytest.mark.parametrize("program", [ARRAYS, INSIDE])
def test_what_is_written_is_python_that_changes_its_part_and_nothing_else(program):
    frame, written = Frame(problem(program)), drafts(program, 60)
    assert len({each.program for each in written}) > 100
    for each in written:
        compile(each.program, "draft", "exec")
        assert frame.holds(each.program)


def test_the_same_task_gives_the_same_drafts():
    task = Task(problem=problem(ARRAYS), parent=individual(ARRAYS), seed=7)
    assert Genetic().propose(task) == Genetic().propose(task)


def test_arrays_stay_arrays_and_nothing_is_imported():
    np = pytest.importorskip("numpy")
    runs = 0
    for each in drafts(ARRAYS, 60):
        assert each.program.count("import") == 1
        space: dict[str, object] = {}
        with np.errstate(all="ignore"):
            exec(each.program, space)
            try:
                answer = space["rank"](3.0, np.array([4.0, 5.0, 9.0]))  # type: ignore[operator]
            except Exception:
                continue
        runs += np.shape(answer) in ((3,), ())
    assert runs > 100


def test_forms_that_small_steps_seldom_reach_are_written_at_once():
    text = "\n".join(each.program for each in drafts(ARRAYS, 100))
    for form in ("np.interp(", "np.where(", "np.array([", "** 3", "[1:]"):
        assert form in text


def test_programs_do_not_grow_without_end():
    task = Task(problem=problem(ARRAYS), parent=individual(ARRAYS), seed=0)
    proposer, program = Genetic(drafts=1), ARRAYS
    for seed in range(100):
        task = Task(problem=task.problem, parent=individual(program), seed=seed)
        for each in proposer.propose(task):
            program = each.program
    (part,) = parts(problem(ARRAYS), program)
    found = scope(part.text, ARRAYS)
    assert found is not None
    assert found.size < 150


def test_an_operator_that_leads_to_better_programs_is_taken_more_often():
    def share(proposer: Genetic) -> float:
        written = drafts(ARRAYS, 40, proposer=proposer)
        return sum("number" in each.operator for each in written) / len(written)

    taught = Genetic()
    draft = Draft(program=ARRAYS, operator="genetic:number")
    for _ in range(50):
        taught.learn(draft, Evaluation(score=2.0), parent=individual(ARRAYS))
    assert share(taught) > share(Genetic())


def test_new_forms_that_make_a_difference_are_handed_on():
    nursery = Nursery()
    proposer = Genetic(nursery=nursery)
    draft = Draft(program="print(2)", operator="genetic:form")
    proposer.learn(draft, Evaluation(error="it broke"), parent=individual(ARRAYS))
    proposer.learn(draft, Evaluation(score=1.0), parent=individual(ARRAYS))
    assert nursery.take(Random(0), among=3) is None
    proposer.learn(draft, Evaluation(score=-5.0), parent=individual(ARRAYS))
    newborn = nursery.take(Random(0), among=3)
    assert newborn is not None
    assert newborn.program == "print(2)"


def test_a_program_that_cannot_be_read_is_nothing_for_it():
    assert not Genetic().applies(problem("not a program ("))
    assert Genetic().applies(problem(ARRAYS))


def test_kinds_come_from_annotations_calls_and_use():
    source = (
        "def f(a: np.ndarray, n: int, t, k=0.5):\n"
        "    b = np.cumsum(a)\n"
        "    m = b > n\n"
        "    s = np.sum(b)\n"
        "    r = t * 2\n"
        "    for i in range(n):\n"
        "        e = b[i]\n"
    )
    (function,) = syntax_tree(source).body
    assert isinstance(function, ast.FunctionDef)
    found = variables(function)
    numbers = dict.fromkeys(("n", "t", "k", "s", "r", "i", "e"), "number")
    assert found == {"a": "array", "b": "array", "m": "mask", **numbers}


@pytest.mark.parametrize(
    ("long", "short"),
    [("x + 0", "x"), ("1 * (x - 0)", "x"), ("--x", "x"), ("2 * 3 + x", "6 + x"), ("x / 0", None)],
)
def test_evident_detours_are_left_out(long, short):
    assert simplified(long) == short
