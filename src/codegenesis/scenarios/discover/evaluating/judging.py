"""From what the evaluator said to a score: which number counts, and the words around it.

The score is `combined_score` where there is one, else what the evaluator gave by itself, else the
mean of all metrics that are neither features of the archive nor named `error`, as OpenEvolve takes
it. What is not finite is no score, whatever was meant by it.
"""

from __future__ import annotations

import math

from codegenesis.hosted.evaluating.messages import Verdict
from codegenesis.scenarios.discover.evaluating.stage import Stage
from codegenesis.scenarios.discover.evaluating.standin import FIRST
from codegenesis.scenarios.discover.individual import Evaluation
from codegenesis.scenarios.discover.problem import Problem

_MOST_CHARS = 8000
_MOST_ERROR = 500


def evaluation(
    problem: Problem, stage: Stage, verdict: Verdict, *, printed: str, seconds: float
) -> Evaluation:
    """What one evaluation came to."""
    metrics = {name: value for name, value in verdict.metrics.items() if math.isfinite(value)}
    score = None if verdict.error else score_of(verdict, metrics, problem.features)
    error = verdict.error
    if score is None and not error:
        error = "; ".join(verdict.refused) or "the evaluator gave no number"
        error = f"there is no score: {error}"
    return Evaluation(
        score=score,
        metrics=metrics,
        feedback=feedback(verdict, stage, printed),
        error=error[:_MOST_ERROR],
        stage=verdict.stage,
        seconds=seconds,
        behaviour=stage.behaviour,
    )


def score_of(
    verdict: Verdict, metrics: dict[str, float], features: tuple[str, ...] = ()
) -> float | None:
    """The one number; None when there is none."""
    combined = metrics.get("combined_score")
    score = verdict.score if combined is None else combined
    if score is None:
        plain = [value for name, value in metrics.items() if name != "error"]
        rated = [metrics[name] for name in metrics if name != "error" and name not in features]
        values = rated or plain
        score = sum(values) / len(values) if values else None
    if score is None or not math.isfinite(score):
        return None
    return score + 0.0


def feedback(verdict: Verdict, stage: Stage, printed: str) -> str:
    """Everything in words, the most telling first."""
    told = {name: text for name, text in verdict.text.items() if not text.startswith(FIRST)}
    parts = [f"{name}: {text}" for name, text in told.items() if text]
    if verdict.refused:
        parts.append("no numbers: " + "; ".join(verdict.refused))
    if stage.story and not any(stage.story in part for part in parts):
        parts.append(f"the program raised:\n{stage.story}")
    if stage.printed.strip():
        parts.append(f"the program printed:\n{stage.printed.rstrip()}")
    if printed.strip():
        parts.append(f"the evaluator printed:\n{printed.rstrip()}")
    return "\n".join(parts)[:_MOST_CHARS]
