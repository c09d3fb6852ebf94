"""Evaluators as they are written for peers are run as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegenesis.errors import UsageError
from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.loading import load


def scored(directory: Path, *programs: str) -> list[Evaluation]:
    problem = load(directory / "program.py")
    with Evaluators(problem, jobs=1) as evaluators:
        return [evaluators.confirm(each) for each in programs or [problem.program]]


def test_openevolve_with_artifacts(tmp_path):
    (tmp_path / "program.py").write_text("def f():\n    return 2\n")
    (tmp_path / "evaluator.py").write_text(
        "from openevolve.evaluation_result import EvaluationResult\n"
        "import importlib.util\n"
        "def evaluate(program_path):\n"
        "    spec = importlib.util.spec_from_file_location('program', program_path)\n"
        "    program = importlib.util.module_from_spec(spec)\n"
        "    spec.loader.exec_module(program)\n"
        "    return EvaluationResult(metrics={'combined_score': program.f()},\n"
        "                            artifacts={'log': b'all well'})\n"
    )
    (found,) = scored(tmp_path)
    assert (found.score, found.feedback) == (2.0, "log: all well")


SHINKA = """
import argparse
from shinka.core import run_shinka_eval

def main(program_path: str, results_dir: str):
    run_shinka_eval(
        program_path=program_path, results_dir=results_dir, experiment_fn_name="run",
        num_runs=3, get_experiment_kwargs=lambda at: {"x": at},
        validate_fn=lambda run: (run < 100, f"{run} is too much"),
        aggregate_metrics_fn=lambda runs: {
            "combined_score": sum(runs), "public": {"runs": len(runs)}, "private": {"secret": 1},
            "text_feedback": "go on",
        },
    )

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path")
    parser.add_argument("--results_dir")
"""


def test_shinka_with_its_two_files(tmp_path):
    (tmp_path / "program.py").write_text("def run(x):\n    return x\n")
    (tmp_path / "evaluate.py").write_text(SHINKA)
    good, invalid, broken = scored(
        tmp_path,
        "def run(x):\n    return 2 * x\n",
        "def run(x):\n    return 100 * x\n",
        "def run(x):\n    return nothing\n",
    )
    assert (good.score, good.metrics["runs"]) == (6.0, 3.0)
    assert "secret" not in good.metrics
    assert "go on" in good.feedback
    assert (invalid.score, invalid.error) == (None, "Validation failed: 100 is too much")
    assert broken.score is None
    assert "nothing" in broken.error


def test_a_script_without_a_function_is_run_as_a_script(tmp_path):
    (tmp_path / "program.py").write_text("ANSWER = 7\n")
    (tmp_path / "evaluate.py").write_text(
        "import argparse, json, pathlib, runpy\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--program_path')\nparser.add_argument('--results_dir')\n"
        "if __name__ == '__main__':\n"
        "    args = parser.parse_args()\n"
        "    answer = runpy.run_path(args.program_path)['ANSWER']\n"
        "    out = pathlib.Path(args.results_dir)\n"
        "    (out / 'metrics.json').write_text(json.dumps({'combined_score': answer}))\n"
        "    (out / 'correct.json').write_text(json.dumps({'correct': True}))\n"
    )
    assert scored(tmp_path)[0].score == 7.0


GEPA = '''
from gepa.optimize_anything import EngineConfig, GEPAConfig, optimize_anything
from gepa.utils.code_execution import ExecutionMode, execute_code

SEED = """
def solve(objective, start):
    return {"x": start, "score": objective(start)}
"""

def main():
    def evaluate(candidate, opt_state=None):
        result = execute_code(
            code=candidate, timeout=5, mode=ExecutionMode.SUBPROCESS, entry_point="solve",
            entry_point_kwargs={"objective": lambda x: (x - OPTIMUM) ** 2, "start": 1.0},
            global_vars={"STEP": 0.5},
        )
        if not result.success:
            return -1e9, {"error": result.error}
        x = result.variables["__return__"]["x"]
        return -((x - OPTIMUM) ** 2), {"scores": {"x": x}}

    optimize_anything(
        seed_candidate=SEED, evaluator=evaluate, objective="Find it.", background="A parabola.",
        config=GEPAConfig(engine=EngineConfig(max_metric_calls=9)),
    )

OPTIMUM = 3.0
if __name__ == "__main__":
    main()
'''


def test_gepa_starts_from_the_call_in_its_file(tmp_path):
    (tmp_path / "program.py").write_text(GEPA)
    problem = load(tmp_path / "program.py")
    assert problem.kind == "candidate"
    assert problem.program.lstrip().startswith("def solve(")
    assert problem.goal == "Find it.\n\nA parabola."
    better = problem.program.replace("start,", "start + 4 * STEP,", 1)
    better = "def solve(objective, start):\n    x = start + 4 * STEP\n    return {'x': x}\n"
    first, second, broken = scored(tmp_path, problem.program, better, "def solve(:\n")
    assert (first.score, second.score) == (-4.0, 0.0)
    assert first.metrics == {"x": 1.0}
    assert broken.score == -1e9
    assert "invalid syntax" in broken.feedback


def test_a_file_that_never_calls_is_refused(tmp_path):
    (tmp_path / "program.py").write_text("def main():\n    optimize_anything('x')\n")
    with pytest.raises(UsageError, match="does not call optimize_anything"):
        load(tmp_path / "program.py")


FUNSEARCH = """
import funsearch
import numpy as np
INPUTS = [3, 5]

def solve(n):
    return sum(priority(np.arange(i), i) for i in range(n))

@funsearch.run
def evaluate(n: int) -> float:
    return min(1.0, solve(n))

@funsearch.evolve
def priority(row, i):
    return 0.1
"""


def test_funsearch_is_steered_inside_and_judged_outside(tmp_path):
    (tmp_path / "program.py").write_text(FUNSEARCH)
    problem = load(tmp_path / "program.py")
    forged = FUNSEARCH.replace(
        "return 0.1", "globals()['min'] = max; globals()['solve'] = lambda n: 99; return 0.1"
    )
    with Evaluators(problem, jobs=1) as evaluators:
        inside, outside = (way(FUNSEARCH) for way in (evaluators.evaluate, evaluators.confirm))
        assert inside.score == outside.score == pytest.approx(0.4)
        assert outside.metrics["input_1"] == pytest.approx(0.5)
        assert evaluators.evaluate(forged).score > 1
        assert evaluators.confirm(forged).score == pytest.approx(0.4)
        assert evaluators.evaluate(FUNSEARCH.replace("0.1", "None")).score is None
