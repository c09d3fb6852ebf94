"""OpenEvolve's `config.yaml`: what of it means something here, and a word for each other key.

Names and defaults are those of OpenEvolve 0.2. The models that it names are not taken over: which
models there are is a setting of this project, and keys in a file of somebody else's are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from codegenesis.errors import UsageError
from codegenesis.scenarios.discover.problem import Problem

#: OpenEvolve's own, for an evaluator in stages.
THRESHOLDS = (0.5, 0.75, 0.9)
_TIMEOUT_S = 300.0

#: What becomes a setting of the search, by our name.
_SETTINGS = {
    "max_iterations": "iterations",
    "max_code_length": "most_chars",
    "random_seed": "seed",
    "database.random_seed": "seed",
    "database.num_islands": "islands",
    "database.migration_interval": "migration_interval",
    "database.migration_rate": "migration_rate",
    "evaluator.parallel_evaluations": "jobs",
}
_USED = {
    "prompt.system_message",
    "evaluator.timeout",
    "evaluator.cascade_evaluation",
    "evaluator.cascade_thresholds",
    "database.feature_dimensions",
}
_WORDS = {
    "llm": "models are named in this project's own settings (`models`)",
    "checkpoint_interval": "every trial is kept, there are no checkpoints to space",
    "log_level": "say what to print by the command's own options",
    "log_dir": "everything is kept in the store",
    "diff_based_evolution": "whether a model edits or rewrites is chosen by result",
    "diff_pattern": "edits have one format here",
    "language": "programs are Python",
    "file_suffix": "programs are Python",
    "allow_full_rewrites": "whether a model edits or rewrites is chosen by result",
    "prompt": "prompts are selected by result",
    "database.population_size": "each island keeps the best of every kind",
    "database.archive_size": "each island keeps the best of every kind",
    "database.feature_bins": "the archive finds its own bins",
    "database": "selection is this project's own",
    "evaluator.use_llm_feedback": "models write programs, they do not score them",
    "evaluator.llm_feedback_weight": "models write programs, they do not score them",
    "evaluator.enable_artifacts": "artifacts are always taken as feedback",
    "evaluator.max_retries": "an evaluation is not repeated",
    "evaluator": "evaluations run in jails with limits of their own",
    "novelty": "novelty is told by syntax tree and by behaviour",
    "evolution_trace": "everything is kept in the store",
    "early_stopping_patience": "a run ends with its budget",
    "convergence_threshold": "a run ends with its budget",
    "early_stopping_metric": "a run ends with its budget",
    "max_tasks_per_child": "each program has a process of its own",
}


def configured(problem: Problem, path: Path) -> Problem:
    """The problem with what this file says of it.

    Raises:
        UsageError: it is no such file.
    """
    given = dict(_flat(_read(path)))
    settings = dict(problem.settings)
    for key, name in _SETTINGS.items():
        value = given.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            settings[name] = float(value)
    goal = given.get("prompt.system_message")
    timeout = given.get("evaluator.timeout", _TIMEOUT_S)
    features = given.get("database.feature_dimensions", ())
    return replace(
        problem,
        goal=goal.strip() if isinstance(goal, str) else problem.goal,
        timeout_s=_positive(timeout, "evaluator.timeout"),
        thresholds=_thresholds(problem, given),
        features=tuple(map(str, features)) if isinstance(features, list | tuple) else (),
        settings=settings,
        notes=(*problem.notes, *dict.fromkeys(_notes(given))),
    )


def _read(path: Path) -> Mapping[str, Any]:
    try:
        import yaml
    except ImportError:
        raise UsageError(
            f"{path} cannot be read without PyYAML",
            remedy="Install it with: pip install 'codegenesis[discover]'",
        ) from None
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(
            f"expected a configuration in YAML, came {path} ({error})", remedy="Check the path."
        ) from None
    if not isinstance(read, Mapping):
        raise UsageError(f"expected settings by name in {path}", remedy="Check the path.")
    return read


def _flat(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if isinstance(value, Mapping):
            for inner, part in value.items():
                yield f"{name}.{inner}", part
        else:
            yield str(name), value


def _positive(value: Any, name: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    raise UsageError(f"expected seconds for {name}, got {value!r}", remedy="Write a number.")


def _thresholds(problem: Problem, given: Mapping[str, Any]) -> tuple[float, ...]:
    if given.get("evaluator.cascade_evaluation") is False or not problem.thresholds:
        return ()
    wanted = given.get("evaluator.cascade_thresholds", THRESHOLDS)
    if not isinstance(wanted, list | tuple) or not wanted:
        return problem.thresholds
    return tuple(float(each) for each in wanted if isinstance(each, int | float))


def _notes(given: Mapping[str, Any]) -> Iterator[str]:
    for key in given:
        if key in _SETTINGS or key in _USED:
            continue
        words = _WORDS.get(key) or _WORDS.get(key.partition(".")[0]) or "not known here"
        yield f"{key}: {words}"
