"""The ways in which evaluators are called: one function makes a `Judge` of each kind of plan."""

from __future__ import annotations

import importlib.util
import os
import sys
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path

from codegenesis.hosted.evaluating import messages, peers
from codegenesis.hosted.evaluating.candidates import of_call
from codegenesis.hosted.evaluating.cascade import STAGES, in_stages, judged
from codegenesis.hosted.evaluating.distance import line
from codegenesis.hosted.evaluating.messages import Plan, Verdict
from codegenesis.hosted.evaluating.scripts import of_script
from codegenesis.hosted.evaluating.skeletons import of_skeleton

Judge = Callable[[str], Verdict]
_MODULE = "evaluation_module"


def load(plan: Plan, scratch: Path) -> tuple[Judge, messages.Ready]:
    """Load the evaluator of a plan, with its directory as the working directory.

    Raises:
        BaseException: what its import raises.
    """
    _settle(Path(plan.evaluator).parent, scratch)
    sys.path[:0] = dict.fromkeys([*plan.roots])
    peers.provide(Path(plan.evaluator).parent, also="gepa" if plan.kind == "candidate" else "")
    match plan.kind:
        case "run":
            return of_skeleton(plan), messages.Ready()
        case "candidate":
            peers.catch_call()
            return of_call(plan.evaluator)
        case "script":
            return of_script(imported(plan.evaluator), plan.evaluator), messages.Ready()
    return _of_functions(imported(plan.evaluator), plan), messages.Ready()


def _settle(home: Path, scratch: Path) -> None:
    """A directory that one can write to, in which the evaluator's files are found by name."""
    place = scratch / "work"
    place.mkdir()
    for entry in home.iterdir():
        if not entry.name.startswith("."):
            (place / entry.name).symlink_to(entry)
    os.chdir(place)


def imported(path: str, *, name: str = _MODULE) -> types.ModuleType:
    """The module of a file, under a name of its own."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _of_functions(module: types.ModuleType, plan: Plan) -> Judge:
    if plan.thresholds:
        stages = []
        for name in STAGES:
            if not callable(stage := getattr(module, name, None)):
                break
            stages.append(stage)
        if stages:
            return lambda path: in_stages(stages, plan.thresholds, path, passed=_passed(path))
    if not callable(getattr(module, "evaluate", None)):
        raise AttributeError(f"{plan.evaluator} has no function evaluate(program_path)")
    return partial(judged, module.evaluate)


def _passed(path: str) -> Callable[[Verdict], None]:
    token = int(Path(path).parent.name)
    return lambda found: (line().tell(messages.Staged(token, found)), None)[1]
