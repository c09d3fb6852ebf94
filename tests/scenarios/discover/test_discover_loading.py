"""What is to be discovered is told from the files of whichever tool it was made for."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegenesis.core.coders import Region
from codegenesis.errors import UsageError
from codegenesis.scenarios.discover.frame import Frame
from codegenesis.scenarios.discover.loading import load
from codegenesis.scenarios.discover.problem import Problem
from codegenesis.scenarios.discover.regions import regions_of

PROGRAM = "def f(x):\n    return x\n"
MARKED = """\
import math
# EVOLVE-BLOCK-START
def f(x):
    return x


# EVOLVE-BLOCK-END
def g(x):
    return f(x)
# EVOLVE-BLOCK-START
LIMIT = 3
# EVOLVE-BLOCK-END
"""


def written(directory: Path, **files: str) -> Problem:
    for name, text in files.items():
        (directory / f"{name}.py").write_text(text)
    return load(directory / f"{next(iter(files))}.py")


# --- regions --------------------------------------------------------------------------------------


def test_marked_blocks_may_change_and_nothing_else():
    assert regions_of(MARKED) == (
        Region(first=3, last=6, name="f"),
        Region(first=11, last=11),
    )


def test_a_block_that_is_never_closed_ends_with_the_program():
    assert regions_of("x = 1\n# EVOLVE-BLOCK-START\ny = 2\nz = 3\n") == (Region(first=3, last=4),)


def test_without_marks_every_function_may_change():
    source = "import math\n\ndef f(x):\n    return x\n\nclass A:\n    def g(self):\n        pass\n"
    assert regions_of(source) == (
        Region(first=3, last=4, name="f"),
        Region(first=7, last=8, name="g"),
    )


@pytest.mark.parametrize("mark", ["@funsearch.evolve", "@evolve", "# @funsearch.evolve"])
def test_a_function_marked_to_be_evolved_is_the_one_that_may_change(mark):
    source = f"def run():\n    return f()\n\n{mark}\ndef f():\n    return 1\n"
    assert regions_of(source) == (Region(first=5, last=6, name="f"),)


def test_text_that_is_no_python_may_change_as_a_whole():
    assert regions_of("Write a poem\nabout sorting.\n") == (Region(first=1, last=2),)
    assert regions_of("") == ()


# --- kinds ----------------------------------------------------------------------------------------


def test_an_evaluator_beside_the_program_is_found(tmp_path):
    problem = written(tmp_path, initial_program=PROGRAM, evaluator="def evaluate(path): ...\n")
    assert (problem.kind, problem.evaluator) == ("evaluate", str(tmp_path / "evaluator.py"))
    assert problem.thresholds == ()


def test_an_evaluator_in_stages_has_thresholds(tmp_path):
    stages = "def evaluate_stage1(path): ...\ndef evaluate(path): ...\n"
    assert written(tmp_path, program=PROGRAM, evaluator=stages).thresholds == (0.5, 0.75, 0.9)


def test_a_script_that_leaves_results_is_told_by_its_arguments(tmp_path):
    script = "def evaluate(path): ...\ndef main(program_path: str, results_dir: str): ...\n"
    assert written(tmp_path, initial=PROGRAM, evaluate=script).kind == "script"


def test_a_program_with_marks_scores_itself_on_its_inputs(tmp_path):
    source = (
        "import funsearch\nINPUTS = [3, (4, 5)]\n@funsearch.run\ndef run(n):\n    return f(n)\n"
        "@funsearch.evolve\ndef f(n):\n    return n\n"
    )
    problem = written(tmp_path, program=source)
    assert (problem.kind, problem.run, problem.evolve) == ("run", "run", "f")
    assert problem.inputs == "[(3,), ((4, 5),)]"
    given = tmp_path / "inputs.json"
    given.write_text("[[1, 2]]")
    assert load(tmp_path / "program.py", inputs=given).inputs == "[([1, 2],)]"
    given.write_text("[1")
    with pytest.raises(UsageError, match="not JSON"):
        load(tmp_path / "program.py", inputs=given)


def test_several_arguments_are_spread_over_the_function(tmp_path):
    source = "@run\ndef run(m, n):\n    return f(m, n)\n@evolve\ndef f(m, n):\n    return m\n"
    assert written(tmp_path, program=f"INPUTS = [[1, 2]]\n{source}").inputs == "[(1, 2)]"
    with pytest.raises(UsageError, match="2 arguments"):
        written(tmp_path, program=f"INPUTS = [1]\n{source}")


def test_what_nobody_scores_is_refused_with_a_word(tmp_path):
    with pytest.raises(UsageError, match=r"nothing says how program.py is scored"):
        written(tmp_path, program=PROGRAM)
    with pytest.raises(UsageError, match=r"nothing in .*evaluator.py says"):
        written(tmp_path, program=PROGRAM, evaluator="x = 1\n")
    with pytest.raises(UsageError, match="expected the file of the program"):
        load(tmp_path / "nothing.py")


# --- OpenEvolve's configuration -------------------------------------------------------------------

CONFIG = """
max_iterations: 500
random_seed: 42
diff_based_evolution: false
something_new: 1
llm:
  primary_model: "gpt"
  temperature: 0.4
  api_key: ${SECRET}
prompt:
  system_message: |
    Pack circles.
  num_top_programs: 3
database:
  population_size: 100
  num_islands: 4
  feature_dimensions: ["spread", "complexity"]
evaluator:
  timeout: 600
  cascade_thresholds: [0.5, 0.8]
  use_llm_feedback: false
"""


def test_a_configuration_is_taken_over_with_a_word_for_what_is_not(tmp_path):
    (tmp_path / "config.yaml").write_text(CONFIG)
    stages = "def evaluate_stage1(path): ...\ndef evaluate(path): ...\n"
    problem = written(tmp_path, program=PROGRAM, evaluator=stages)
    assert problem.goal == "Pack circles."
    assert problem.timeout_s == 600
    assert problem.thresholds == (0.5, 0.8)
    assert problem.features == ("spread", "complexity")
    assert problem.settings == {"iterations": 500, "seed": 42, "islands": 4}
    keys = [note.partition(":")[0] for note in problem.notes]
    assert keys == [
        "diff_based_evolution", "something_new", "llm.primary_model", "llm.temperature",
        "llm.api_key", "prompt.num_top_programs", "database.population_size",
        "evaluator.use_llm_feedback",
    ]  # fmt: skip
    assert "something_new: not known here" in problem.notes
    assert "SECRET" not in str(problem)


def test_a_cascade_can_be_switched_off(tmp_path):
    (tmp_path / "own.yaml").write_text("evaluator: {cascade_evaluation: false}\n")
    stages = "def evaluate_stage1(path): ...\ndef evaluate(path): ...\n"
    written(tmp_path, program=PROGRAM, evaluator=stages)
    assert load(tmp_path / "program.py", config=tmp_path / "own.yaml").thresholds == ()


@pytest.mark.parametrize("text", ["- 1\n", "a: [", "evaluator: {timeout: soon}\n"])
def test_a_configuration_that_makes_no_sense_is_refused(text, tmp_path):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(UsageError):
        written(tmp_path, program=PROGRAM, evaluator="def evaluate(path): ...\n")


def test_a_configuration_that_is_named_must_be_there(tmp_path):
    written(tmp_path, program=PROGRAM, evaluator="def evaluate(path): ...\n")
    with pytest.raises(UsageError, match="expected a configuration"):
        load(tmp_path / "program.py", config=tmp_path / "missing.yaml")


def test_lines_are_counted_as_python_counts_them():
    source = "NOTE = 'a\x0cb\u2028c'\n\x0c\ndef f(x):\n    return x\n"
    (region,) = regions_of(source)
    assert (region.first, region.last) == (3, 4)
    problem = Problem(program=source, path="", regions=(region,))
    assert Frame(problem).holds(source.replace("return x", "return -x"))
    assert not Frame(problem).holds(source.replace("NOTE", "NOTES"))
