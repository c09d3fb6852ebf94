"""Evaluation in stages, as OpenEvolve does it: the cheap look first, the dear one for the good.

`evaluate_stage1` to `evaluate_stage3`, each after the one before it reached its threshold; metrics
of later stages replace those of earlier ones by name. A stage that fails leaves what the stages
before it found.
"""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from codegenesis.hosted.evaluating.messages import Verdict
from codegenesis.hosted.evaluating.verdicts import verdict

STAGES = ("evaluate_stage1", "evaluate_stage2", "evaluate_stage3")
_MOST_STORY = 3000
Evaluate = Callable[[str], Any]


def judged(evaluate: Evaluate, path: str) -> Verdict:
    """What one function says of one program; what it raises is the error."""
    try:
        result = evaluate(path)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        return verdict(result)
    except BaseException as error:  # noqa: BLE001 (boundary to the evaluator)
        story = _story(error)[-_MOST_STORY:]
        said = f"{type(error).__name__}: {error}"[:500]
        return Verdict(error=_plain(said), text={"traceback": _plain(story)})


def _story(error: BaseException) -> str:
    """The traceback through the evaluator, without our frames before and after."""
    told = traceback.TracebackException.from_exception(error)
    ours = str(Path(__file__).parent)
    told.stack = traceback.StackSummary.from_list(
        [frame for frame in told.stack if not frame.filename.startswith(ours)]
    )
    return "".join(told.format())


def in_stages(
    stages: Sequence[Evaluate],
    thresholds: Sequence[float],
    path: str,
    *,
    passed: Callable[[Verdict], None],
) -> Verdict:
    """Stage after stage, while the thresholds are reached.

    Args:
        passed: is told what is known before each further stage.
    """
    so_far = judged(stages[0], path)
    for number, stage in enumerate(stages[1:], 2):
        if so_far.error or number - 2 >= len(thresholds):
            break
        if not reaches(so_far, thresholds[number - 2]):
            break
        passed(so_far)
        so_far = merged(so_far, judged(stage, path), number)
    return so_far


def reaches(found: Verdict, threshold: float) -> bool:
    """The combined score, or else the mean of all metrics but `error`."""
    if "combined_score" in found.metrics:
        return found.metrics["combined_score"] >= threshold
    if found.score is not None:
        return found.score >= threshold
    values = [value for name, value in found.metrics.items() if name != "error"]
    return bool(values) and sum(values) / len(values) >= threshold


def merged(before: Verdict, after: Verdict, stage: int) -> Verdict:
    """What two stages say together."""
    if after.error:
        text = {**before.text, f"stage {stage}": after.error, **after.text}
        return msgspec.structs.replace(before, text=text, stage=stage)
    return Verdict(
        metrics={**before.metrics, **after.metrics},
        score=before.score if after.score is None else after.score,
        text={**before.text, **after.text},
        refused=(*before.refused, *after.refused),
        stage=stage,
    )


def _plain(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
