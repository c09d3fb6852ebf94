"""From whatever an evaluator returns to numbers and text.

As OpenEvolve takes it: a dict of metrics (text among them is feedback), or an object with `metrics`
and `artifacts`. As GEPA does: a score, or a score and a dict of side information. A number is a
finite int or float, Python's or numpy's, of no dimension; True and False are 1 and 0. Nothing else
is converted: text that reads like a number, arrays of one element and objects with `__float__` are
refused, with a word.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from codegenesis.hosted.evaluating.messages import Verdict

_MOST_CHARS = 2000
_MOST_TEXTS = 40
_MOST_METRICS = 500


def number(value: Any) -> float | None:
    """A finite number, -0.0 as 0.0; None for anything else."""
    kind = type(value)
    if kind.__module__ == "numpy" and getattr(value, "shape", None) == ():
        value = value.item()
        kind = type(value)
    if kind not in (bool, int, float, Decimal, Fraction):
        return None
    try:
        made = float(value)
    except (OverflowError, ValueError):
        return None
    return made + 0.0 if math.isfinite(made) else None


def verdict(result: Any) -> Verdict:
    """What an evaluator returned."""
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Mapping):
        return _scored(result[0], result[1])
    if isinstance(result, Mapping):
        return _of_metrics(result, {})
    metrics = getattr(result, "metrics", None)
    if isinstance(metrics, Mapping):
        return _of_metrics(metrics, getattr(result, "artifacts", None) or {})
    return _scored(result, {})


def _scored(score: Any, side: Mapping[Any, Any]) -> Verdict:
    """A score by itself; `scores` of the side information are metrics."""
    made = number(score)
    scores = side.get("scores")
    inner = _of_metrics(scores if isinstance(scores, Mapping) else {}, side)
    if made is None:
        return Verdict(error=f"expected metrics or a finite score, came {shown(score)}")
    return Verdict(metrics=inner.metrics, score=made, text=inner.text, refused=inner.refused)


def _of_metrics(given: Mapping[Any, Any], artifacts: Any) -> Verdict:
    metrics: dict[str, float] = {}
    texts: dict[str, Any] = {}
    refused = []
    for name, value in list(given.items())[:_MOST_METRICS]:
        made = number(value)
        if made is not None:
            metrics[str(name)[:100]] = made
        elif name == "artifacts" and isinstance(value, Mapping):
            texts.update(value)
        elif isinstance(value, str | Mapping | list | tuple) or value is None:
            texts[name] = value
        else:
            refused.append(f"{str(name)[:100]} is {shown(value)}")
    if isinstance(artifacts, Mapping):
        texts.update(artifacts)
    score = given.get("combined_score")
    if score is not None and number(score) is None:
        refused.append(f"combined_score is {shown(score)}")
        metrics.clear()
    text = {str(name)[:100]: words(value) for name, value in list(texts.items())[:_MOST_TEXTS]}
    return Verdict(metrics=metrics, text=text, refused=tuple(dict.fromkeys(refused)))


def words(value: Any) -> str:
    """Anything as text, cut."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        try:
            value = json.dumps(value, default=shown)
        except (TypeError, ValueError, RecursionError):
            value = shown(value)
    cut = value if len(value) <= _MOST_CHARS else f"{value[:_MOST_CHARS]} …"
    return cut.encode("utf-8", "backslashreplace").decode()


def shown(value: Any) -> str:
    """A value in a few words."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 (boundary to the evaluator's classes)
        text = "…"
    kind = type(value).__name__
    short = text if len(text) <= 100 else f"{text[:100]} …"
    return short if type(value) in (int, float, str, bool) else f"{kind}: {short}"
