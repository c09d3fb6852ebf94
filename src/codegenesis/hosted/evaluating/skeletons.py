"""FunSearch's programs, judged from outside: the skeleton here, the evolved function in its jail.

The file that was given is executed once, as it is; of a new version nothing runs here, but each
call of the function marked `@evolve` is answered by the new version's.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from codegenesis.hosted.evaluating.cascade import judged
from codegenesis.hosted.evaluating.marks import marks
from codegenesis.hosted.evaluating.messages import Plan, Verdict
from codegenesis.hosted.evaluating.verdicts import number, shown


def of_skeleton(plan: Plan) -> Callable[[str], Verdict]:
    """A judge that runs the skeleton on each input."""
    inputs = ast.literal_eval(plan.inputs) if plan.inputs else [()]
    source = Path(plan.evaluator).read_text(encoding="utf-8")
    code = compile(source, plan.evaluator, "exec", dont_inherit=True)

    def evaluate(path: str) -> Any:
        space: dict[str, Any] = {**marks(), "__name__": "skeleton", "__file__": plan.evaluator}
        exec(code, space)  # noqa: S102 (the skeleton, in the evaluator's jail)
        space[plan.evolve] = getattr(_loaded(path), plan.evolve)
        return scores([space[plan.run](*given) for given in inputs])

    return lambda path: judged(evaluate, path)


def scores(results: Sequence[Any]) -> dict[str, float]:
    """Each input's score by number, and the mean of all; raises TypeError for what is none."""
    made = [number(result) for result in results]
    for result, score in zip(results, made, strict=True):
        if score is None:
            raise TypeError(f"expected a finite score of the function to run, came {shown(result)}")
    known = [score for score in made if score is not None]
    by_input = {f"input_{at}": score for at, score in enumerate(known)} if len(known) > 1 else {}
    return {"combined_score": sum(known) / len(known), **by_input}


def _loaded(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("program", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
