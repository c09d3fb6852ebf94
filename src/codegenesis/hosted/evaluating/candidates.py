"""GEPA's evaluators: a file that calls `optimize_anything` is run up to that call.

The call is caught, with no model asked; what was to be optimised is the program, and the evaluator
that was handed over judges programs from then on: it is given the text of a stand-in, which it may
`exec`, or hand to `execute_code`, as it would the program's.
"""

from __future__ import annotations

import inspect
import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from codegenesis.hosted.evaluating.cascade import judged
from codegenesis.hosted.evaluating.messages import Ready, Verdict
from codegenesis.hosted.evaluating.peers.gepa import Captured, OptimizationState
from codegenesis.hosted.evaluating.verdicts import number


def of_call(evaluator: str) -> tuple[Callable[[str], Verdict], Ready]:
    """A judge by the evaluator of the call that this file makes, and the program in the call.

    Raises:
        LookupError: it makes no such call, or none with an evaluator and a text to start from.
    """
    call = _captured(evaluator)
    evaluate, seed = call.get("evaluator"), call.get("seed_candidate")
    if not callable(evaluate):
        raise LookupError("optimize_anything was called without an evaluator")
    key = _key(seed)
    examples = call.get("dataset") or [None]
    given = inspect.signature(evaluate).parameters

    def judge_one(text: str, example: Any) -> Any:
        candidate = text if key is None else {**seed, key: text}  # type: ignore[dict-item]
        args = [candidate] if example is None else [candidate, example]
        named = {"opt_state": OptimizationState()} if "opt_state" in given else {}
        return evaluate(*args, **named)

    def judge(path: str) -> Any:
        text = Path(path).read_text(encoding="utf-8")
        return _together([judge_one(text, example) for example in examples])

    goal = "\n\n".join(filter(None, [call.get("objective"), call.get("background")]))
    first = seed if isinstance(seed, str) else seed[key] if key and seed else ""
    return lambda path: judged(judge, path), Ready(seed=first, goal=goal)


def _captured(evaluator: str) -> dict[str, Any]:
    try:
        runpy.run_path(evaluator, run_name="__main__")
    except Captured as caught:
        return caught.call
    raise LookupError(f"{evaluator} does not call optimize_anything")


def _key(seed: Any) -> str | None:
    """Of a candidate in several texts, the one that is the program."""
    if seed is None or isinstance(seed, str):
        return None
    names = [name for name, text in seed.items() if isinstance(text, str)]
    code = [name for name in names if "code" in name or "program" in name]
    if not names:
        raise LookupError("optimize_anything was called without a text to start from")
    chosen: str = (code or names)[0]
    return chosen


def _together(results: list[Any]) -> Any:
    """One result as it is; of several, the mean score and what was said of each."""
    if len(results) == 1:
        return results[0]
    pairs = [each if isinstance(each, tuple) else (each, {}) for each in results]
    scores = [number(score) for score, _ in pairs]
    if any(score is None for score in scores):
        return next(score for (score, _), made in zip(pairs, scores, strict=True) if made is None)
    sides = {str(at): side for at, (_, side) in enumerate(pairs) if isinstance(side, Mapping)}
    return sum(filter(None, scores)) / len(scores), sides
