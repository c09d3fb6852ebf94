"""Stand-ins for the parts of peers' packages that their evaluators import, where they are missing.

An installed package is left alone, except that a call of GEPA's `optimize_anything` is caught: it
would start a run of its own. Each stand-in has the names and signatures of the original and what
evaluators can observe of it, no more.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from typing import Any

from codegenesis.hosted.evaluating.peers import gepa

_SETTINGS = "gepa.optimize_anything"
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


def provide() -> None:
    """Make the peers' modules importable."""
    for package, modules in _MODULES.items():
        if importlib.util.find_spec(package) is None:
            for name, ours in modules.items():
                _register(name, ours)
    if _SETTINGS in sys.modules:
        vars(sys.modules[_SETTINGS]).update(
            OptimizationState=gepa.OptimizationState, __getattr__=_settings
        )


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
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
