"""Survival-of-the-Fittest Compiler: race the survivors, select, keep only the edits that pay."""

from codegenesis.compiler.interval import median_interval
from codegenesis.compiler.layout import laid_out
from codegenesis.compiler.minimise import minimise
from codegenesis.compiler.patch import apply, patch
from codegenesis.compiler.race import Disqualified, RaceRule, race
from codegenesis.compiler.select import Selection, select

__all__ = [
    "Disqualified",
    "RaceRule",
    "Selection",
    "apply",
    "laid_out",
    "median_interval",
    "minimise",
    "patch",
    "race",
    "select",
]
