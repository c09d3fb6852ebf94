"""Language models as operators: prompts from the genome, and versions from what is answered.

Pure work on text: nothing is run here, and nothing is kept. `brief` says what a model is told,
`prompts` in which words, `reading` what is made of its answer, `coder` which way of asking is next.
"""

from codegenesis.core.coders.attempt import Attempt, Dud, Style, Why
from codegenesis.core.coders.brief import Brief, Failure, Objective, Relative, Sample
from codegenesis.core.coders.choice import Habit, Habits
from codegenesis.core.coders.coder import Coder
from codegenesis.core.coders.programs import (
    ProgramAttempt,
    ProgramBrief,
    ProgramCoder,
    Region,
)

__all__ = [
    "Attempt",
    "Brief",
    "Coder",
    "Dud",
    "Failure",
    "Habit",
    "Habits",
    "Objective",
    "ProgramAttempt",
    "ProgramBrief",
    "ProgramCoder",
    "Region",
    "Relative",
    "Sample",
    "Style",
    "Why",
]
