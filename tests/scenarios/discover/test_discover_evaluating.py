"""A program is scored by an evaluator that it cannot reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from codegenesis.errors import UsageError
from codegenesis.scenarios.discover.evaluating import Evaluators
from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.loading import load

LOADED = """
import importlib.util

def loaded(path):
    spec = importlib.util.spec_from_file_location("program", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
"""
Score = Callable[..., Evaluation]


@pytest.fixture
def evaluators(tmp_path: Path) -> Iterator[Callable[..., Evaluators]]:
    """Opens evaluators for the body of `evaluate(path)`, or a whole evaluator's text."""
    with ExitStack() as stack:

        def open_(evaluator: str, program: str = "def f(x):\n    return x\n") -> Evaluators:
            if "def evaluate" not in evaluator:
                lines = "".join(f"    {line}\n" for line in evaluator.splitlines())
                evaluator = f"{LOADED}\ndef evaluate(path):\n{lines}"
            (tmp_path / "program.py").write_text(program)
            (tmp_path / "evaluator.py").write_text(evaluator)
            problem = load(tmp_path / "program.py")
            return stack.enter_context(Evaluators(problem, jobs=1))

        yield open_


def test_a_program_is_scored_by_what_its_function_returns(evaluators):
    scored = evaluators("return {'combined_score': loaded(path).f(20) + 1}")
    assert scored.evaluate("def f(x):\n    return 2 * x\n").score == 41.0
    assert scored.evaluate("def f(x):\n    return -x\n").score == -19.0


def test_an_evaluator_that_cannot_be_loaded_says_why(evaluators):
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        evaluators("1 / 0\ndef evaluate(path): ...\n")
