"""`shinka.core.run_shinka_eval`: runs a function several times, checks, sums up, leaves two files.

Runs are made one after the other; stopping early and plots are left out.
"""

from __future__ import annotations

import importlib.util
import json
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["run_shinka_eval"]

_ON_ERROR = {
    "combined_score": 0.0,
    "execution_time_mean": 0.0,
    "execution_time_std": 0.0,
    "num_successful_runs": 0,
    "num_valid_runs": 0,
    "num_invalid_runs": 0,
    "all_validation_errors": [],
}


def run_shinka_eval(  # noqa: PLR0917 (the peer's signature)
    program_path: str,
    results_dir: str,
    experiment_fn_name: str,
    num_runs: int,
    get_experiment_kwargs: Callable[[int], dict[str, Any]] | None = None,
    aggregate_metrics_fn: Callable[[list[Any]], dict[str, Any]] | None = None,
    validate_fn: Callable[[Any], tuple[bool, str | None]] | None = None,
    plotting_fn: Callable[[Any], list[Any]] | None = None,
    default_metrics_on_error: dict[str, Any] | None = None,
    **_others: Any,
) -> tuple[dict[str, Any], bool, str | None]:
    """Metrics, whether all runs were valid, and the first thing that was wrong."""
    del plotting_fn
    try:
        function = getattr(_loaded(program_path), experiment_fn_name)
        runs, seconds = _runs(function, num_runs, get_experiment_kwargs)
        wrong = [why for run in runs if (why := _wrong(run, validate_fn)) is not None]
        metrics = _summed_up(runs, aggregate_metrics_fn)
        metrics["execution_time_mean"] = statistics.fmean(seconds) if seconds else 0.0
        metrics["execution_time_std"] = statistics.pstdev(seconds) if seconds else 0.0
        if validate_fn:
            metrics["num_valid_runs"] = len(runs) - len(wrong)
            metrics["num_invalid_runs"] = len(wrong)
            metrics["all_validation_errors"] = list(dict.fromkeys(filter(None, wrong)))
        error = f"Validation failed: {wrong[0]}" if wrong and wrong[0] else None
        correct, error = _finite(metrics, correct=not wrong, error=error)
    except Exception as caught:  # noqa: BLE001 (boundary to evaluator and program)
        metrics = {**_ON_ERROR, **(default_metrics_on_error or {})}
        correct, error = False, str(caught)
    metrics.pop("extra_data", None)
    _save(Path(results_dir), metrics, correct=correct, error=error)
    return metrics, correct, error


def _loaded(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("program", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"Could not load spec for module at {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _runs(
    function: Callable[..., Any], count: int, kwargs: Callable[[int], dict[str, Any]] | None
) -> tuple[list[Any], list[float]]:
    runs, seconds = [], []
    for number in range(count):
        named = kwargs(number) if kwargs else {"seed": number + 1}
        started = time.perf_counter()
        runs.append(function(**named))
        seconds.append(time.perf_counter() - started)
    return runs, seconds


def _wrong(run: Any, validate: Callable[[Any], tuple[bool, str | None]] | None) -> str | None:
    """None for a valid run, else why it is none."""
    valid, why = validate(run) if validate else (True, None)
    return None if valid else why or ""


def _summed_up(
    runs: list[Any], aggregate: Callable[[list[Any]], dict[str, Any]] | None
) -> dict[str, Any]:
    if aggregate:
        return aggregate(runs)
    return {
        "num_successful_runs": len(runs),
        "first_run_result_type": str(type(runs[0])) if runs else "N/A",
        "raw_results_preview": str(runs[:2]) if runs else "N/A",
    }


def _finite(
    metrics: dict[str, Any], *, correct: bool, error: str | None
) -> tuple[bool, str | None]:
    score = metrics.get("combined_score", 0.0)
    if math.isnan(score):
        return False, error or "combined_score is NaN"
    if math.isinf(score):
        return False, error or f"combined_score is inf ({score})"
    return correct, error


def _save(directory: Path, metrics: dict[str, Any], *, correct: bool, error: str | None) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    said = {"correct": correct, "error": error}
    (directory / "correct.json").write_text(json.dumps(said, indent=4))
    (directory / "metrics.json").write_text(json.dumps(metrics, indent=4))
