"""Finding out what is to be discovered, from the files of whichever tool the problem was made for.

The kind is told by what the files say, not by what they are called: a function `evaluate` beside
the program (OpenEvolve), a script that takes `--program_path` (ShinkaEvolve), a call of
`optimize_anything` (GEPA), a function marked `@run` in the program (FunSearch). Nothing is imported
or run here: files are read and parsed.
"""

from __future__ import annotations

from pathlib import Path

from codegenesis.errors import UsageError
from codegenesis.scenarios.discover.configuration import THRESHOLDS, configured
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.regions import regions_of

_BESIDE = ("evaluator.py", "evaluate.py")


def load(program: Path, *, evaluator: Path | None = None, config: Path | None = None) -> Problem:
    """The problem that these files describe.

    Args:
        program: what is to be evolved.
        evaluator: what scores it; by default looked for beside the program.
        config: OpenEvolve's `config.yaml`; by default the one beside the evaluator, if any.

    Raises:
        UsageError: a file is missing, or nothing in it says how a program is scored.
    """
    program = program.absolute()
    source = _text(program, "program")
    evaluator = evaluator.absolute() if evaluator else _beside(program)
    judge = _text(evaluator, "evaluator")
    problem = Problem(
        program=source,
        path=str(program),
        regions=regions_of(source),
        kind="evaluate",
        evaluator=str(evaluator),
        thresholds=THRESHOLDS if "def evaluate_stage1(" in judge else (),
    )
    config = config or evaluator.with_name("config.yaml")
    return configured(problem, config) if config.is_file() else problem


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"expected the file of the {what}, came {path} ({error})", remedy="Check the path."
        ) from None


def _beside(program: Path) -> Path:
    for name in _BESIDE:
        place = program.with_name(name)
        if place.is_file() and place != program:
            return place
    raise UsageError(
        f"nothing says how {program.name} is scored",
        remedy="Name the file with a function evaluate(program_path) by --evaluator.",
    )
