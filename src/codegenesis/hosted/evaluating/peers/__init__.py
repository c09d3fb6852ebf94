"""Stand-ins for the parts of peers' packages that their evaluators import, where they are missing.

A package that can be imported is left alone, except that a call of GEPA's `optimize_anything` is
caught: it would start a run of its own. Each stand-in has the names and signatures of the original
and what evaluators can observe of it, no more.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from codegenesis.hosted.evaluating.peers import gepa

_SETTINGS = "gepa.optimize_anything"
_MOST_FILES = 50
#: By package: its modules, and which of ours has their names (empty for a mere package).
_MODULES = {
    "openevolve": {"openevolve": "openevolve", "openevolve.evaluation_result": "openevolve"},
    "shinka": {"shinka": "", "shinka.core": "shinka"},
    "gepa": {
        "gepa": "",
        _SETTINGS: "",
        "gepa.utils": "",
        "gepa.utils.code_execution": "gepa",
    },
}


def provide(home: Path, *, also: str = "") -> None:
    """Make the modules of those peers importable whose names occur in this directory's files.

    Args:
        also: a peer that is wanted in any case.
    """
    texts = [path.read_text(errors="replace") for path in islice(home.glob("*.py"), _MOST_FILES)]
    texts.append(also)
    for package, modules in _MODULES.items():
        if any(package in text for text in texts) and not _imports(modules):
            for name, ours in modules.items():
                _register(name, ours)


def _imports(names: Iterable[str]) -> bool:
    """Whether all of them can be imported: a checkout without what it needs cannot."""
    before = set(sys.modules)
    try:
        for name in names:
            importlib.import_module(name)
    except Exception:  # noqa: BLE001 (boundary to other people's packages)
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in _MODULES:
                del sys.modules[name]
        return False
    return True


def catch_call() -> None:
    """Have `optimize_anything` caught, the installed one as well."""
    module: Any = importlib.import_module(_SETTINGS)
    module.optimize_anything = gepa.optimize_anything


def _settings(name: str) -> type:
    """Any record of settings that the original may have."""
    if not name[:1].isupper():
        raise AttributeError(name)
    return type(name, (gepa.Settings,), {})


def _register(name: str, ours: str) -> None:
    module: Any = types.ModuleType(name, f"Stands in for {name}, which is not installed.")
    module.__path__ = []
    if ours:
        source = importlib.import_module(f"{__name__}.{ours}")
        vars(module).update({key: getattr(source, key) for key in source.__all__})
    if name == _SETTINGS:
        module.OptimizationState, module.__getattr__ = gepa.OptimizationState, _settings
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
