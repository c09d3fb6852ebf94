"""The Survival-of-the-Fittest Compiler: build, race, select, minimise, format (DESIGN §7)."""

from codegenesis.compiler.crown import Coronation, crown
from codegenesis.compiler.explain import Explanation, explain
from codegenesis.compiler.fitness import Worth, fitness, worth
from codegenesis.compiler.formatting import format_fragment, format_lines
from codegenesis.compiler.harm import Harm, harm
from codegenesis.compiler.minimise import Minimised, minimise
from codegenesis.compiler.objectives import FASTEST, PRESETS, Objective, objective
from codegenesis.compiler.patch import apply, patch, rewritten
from codegenesis.compiler.race import Race, Terms, race
from codegenesis.compiler.select import Selection, select

__all__ = [
    "FASTEST",
    "PRESETS",
    "Coronation",
    "Explanation",
    "Harm",
    "Minimised",
    "Objective",
    "Race",
    "Selection",
    "Terms",
    "Worth",
    "apply",
    "crown",
    "explain",
    "fitness",
    "format_fragment",
    "format_lines",
    "harm",
    "minimise",
    "objective",
    "patch",
    "race",
    "rewritten",
    "select",
    "worth",
]
