"""Repair: from failing cases to versions that pass them all, the likeliest first."""

from codegenesis.core.repair.evaluator import Evaluator
from codegenesis.core.repair.found import Found, Plausible, Version
from codegenesis.core.repair.neighbours import Neighbour, neighbours
from codegenesis.core.repair.rank import Fresh, Judge, ranked
from codegenesis.core.repair.search import repair
from codegenesis.core.repair.visitors import Visitor, Visitors

__all__ = [
    "Evaluator",
    "Found",
    "Fresh",
    "Judge",
    "Neighbour",
    "Plausible",
    "Version",
    "Visitor",
    "Visitors",
    "neighbours",
    "ranked",
    "repair",
]
