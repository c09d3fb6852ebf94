"""ShinkaEvolve's evaluators: scripts that leave what they found in two files.

`metrics.json` has `combined_score`, and what is said of the program in public and in private;
`correct.json` says whether it counts at all. The private part is not for who writes programs.
"""

from __future__ import annotations

import json
import runpy
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from codegenesis.hosted.evaluating.cascade import judged
from codegenesis.hosted.evaluating.messages import Verdict

_MOST_BYTES = 8 << 20


def of_script(module: types.ModuleType, evaluator: str) -> Callable[[str], Verdict]:
    """A judge that calls `main(program_path, results_dir)`, or the script where it has none."""
    main = getattr(module, "main", None)

    def evaluate(path: str) -> Any:
        results = Path(path).parent / "results"
        results.mkdir()
        if callable(main):
            main(path, str(results))
        else:
            _as_script(evaluator, path, str(results))
        return _found(results)

    def judge(path: str) -> Verdict:
        return _believed(judged(evaluate, path))

    return judge


def _as_script(evaluator: str, path: str, results: str) -> None:
    before = sys.argv
    sys.argv = [evaluator, "--program_path", path, "--results_dir", results]
    try:
        runpy.run_path(evaluator, run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
    finally:
        sys.argv = before


def _found(results: Path) -> dict[str, Any]:
    """Metrics in one dict; what is wrong with the program in `incorrect`."""
    metrics, correct = _json(results / "metrics.json"), _json(results / "correct.json")
    public = metrics.get("public")
    found = dict(public) if isinstance(public, Mapping) else {}
    found |= {name: value for name, value in metrics.items() if name not in ("public", "private")}
    if correct.get("correct") is not True:
        found["incorrect"] = str(
            correct.get("error") or "the evaluator says that it is not correct"
        )
    return found


def _json(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        found = json.loads(file.read(_MOST_BYTES))
    if not isinstance(found, dict):
        raise TypeError(f"expected an object in {path.name}, came a {type(found).__name__}")
    return found


def _believed(found: Verdict) -> Verdict:
    """What is not correct has no score, as ShinkaEvolve has it."""
    if found.error or "incorrect" not in found.text:
        return found
    return msgspec.structs.replace(found, error=found.text["incorrect"])
