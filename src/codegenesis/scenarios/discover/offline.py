"""Who writes programs where there is no model: genetic programming, and a search for constants."""

from __future__ import annotations

from codegenesis.scenarios.discover.constants import Constants
from codegenesis.scenarios.discover.genetic import Genetic
from codegenesis.scenarios.discover.nursery import Nursery
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.proposer import Proposer


def offline_proposers(problem: Problem) -> tuple[Proposer, ...]:
    """Those that can do something for this problem."""
    nursery = Nursery()
    every: tuple[Proposer, ...] = (Genetic(nursery=nursery), Constants(nursery=nursery))
    return tuple(each for each in every if each.applies(problem))
