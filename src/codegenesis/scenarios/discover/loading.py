"""Finding out what is to be discovered, from the files of whichever tool the problem was made for.

The kind is told by what the files say, not by what they are called: a function `evaluate` beside
the program (OpenEvolve), a script that takes a program and a directory for results (ShinkaEvolve),
a call of `optimize_anything` (GEPA), functions marked `@run` and `@evolve` in the program
(FunSearch). Files are read and parsed here; only GEPA's have to be run, for the program is in them,
and that is done in a jail.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from msgspec.structs import replace

from codegenesis.errors import UsageError
from codegenesis.scenarios.discover.configuration import THRESHOLDS, configured
from codegenesis.scenarios.discover.evaluating.capturing import captured
from codegenesis.scenarios.discover.marking import Marks, inputs_of, marks_of
from codegenesis.scenarios.discover.problem import Kind, Problem
from codegenesis.scenarios.discover.regions import regions_of

_BESIDE = ("evaluator.py", "evaluate.py")
_CALL = re.compile(r"^[^#\n]*\boptimize_anything\(", re.MULTILINE)
_MAIN = re.compile(r"^def main\(\s*program_path\b[^)]*\bresults_dir\b", re.MULTILINE)
_OPTIONS = ("--program_path", "--results_dir")


def load(
    program: Path,
    *,
    evaluator: Path | None = None,
    config: Path | None = None,
    inputs: Path | None = None,
) -> Problem:
    """The problem that these files describe.

    Args:
        program: what is to be evolved; for GEPA, a file that calls `optimize_anything`.
        evaluator: what scores it; by default looked for beside the program.
        config: OpenEvolve's `config.yaml`; by default the one beside the evaluator, if any.
        inputs: file with a JSON list for the function marked `@run`; by default the list `INPUTS`
            in the program.

    Raises:
        UsageError: a file is missing or says what it should not, or nothing in them says how a
            program is scored.
        SandboxError: a file that has to be run for it cannot be.
    """
    program = program.absolute()
    source = _text(program, "program")
    problem = Problem(program=source, path=str(program), regions=regions_of(source))
    if evaluator is None and (marks := marks_of(source)):
        return _of_marks(problem, marks, inputs)
    if evaluator is None:
        evaluator = program if _CALL.search(source) else _beside(program)
    evaluator = evaluator.absolute()
    judge = _text(evaluator, "evaluator")
    problem = replace(problem, evaluator=str(evaluator), kind=_kind(judge, evaluator))
    if problem.kind == "candidate":
        return _of_call(problem)
    if problem.kind == "evaluate" and "def evaluate_stage1(" in judge:
        problem = replace(problem, thresholds=THRESHOLDS)
    beside = evaluator.with_name("config.yaml")
    if config is None and not beside.is_file():
        return problem
    return configured(problem, config or beside)


def _of_marks(problem: Problem, marks: Marks, inputs: Path | None) -> Problem:
    """FunSearch: the program scores itself."""
    return replace(
        problem,
        kind="run",
        evaluator=problem.path,
        run=marks.run,
        evolve=marks.evolve,
        inputs=_given(inputs, marks.arguments) if inputs else marks.inputs,
    )


def _kind(judge: str, evaluator: Path) -> Kind:
    if _CALL.search(judge):
        return "candidate"
    if _MAIN.search(judge) or all(option in judge for option in _OPTIONS):
        return "script"
    if re.search(r"^(async )?def evaluate\(|^def evaluate_stage1\(", judge, re.MULTILINE):
        return "evaluate"
    if re.search(r"\bevaluate\b", judge):  # imported, or made in another way
        return "evaluate"
    raise UsageError(
        f"nothing in {evaluator} says how a program is scored",
        remedy="Write a function evaluate(program_path) that returns a dict with combined_score.",
    )


def _of_call(problem: Problem) -> Problem:
    """GEPA: what the call in the evaluator's file starts from, unless a program was given."""
    seed, goal = captured(problem)
    if problem.path == problem.evaluator:
        if not seed.strip():
            raise UsageError(
                f"{problem.path} calls optimize_anything without a seed_candidate",
                remedy="Give it one, or name a program and this file as its --evaluator.",
            )
        problem = replace(problem, program=seed, regions=regions_of(seed))
    return replace(problem, goal=goal)


def _given(path: Path, arguments: int) -> str:
    try:
        return inputs_of(repr(json.loads(_text(path, "inputs"))), str(path), arguments)
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}", remedy="Write a list: [8, 9].") from None


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
