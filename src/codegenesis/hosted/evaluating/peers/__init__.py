"""Stand-ins for the parts of peers' packages that their evaluators import, where they are missing.

An installed package is left alone. Each stand-in has the names and signatures of the original and
what evaluators can observe of it, no more.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types

#: By package: its modules, and which of ours has their names (empty for a mere package).
_MODULES = {
    "openevolve": {
        "openevolve": "openevolve",
        "openevolve.evaluation_result": "openevolve",
    },
}


def provide() -> None:
    """Make the peers' modules importable."""
    for package, modules in _MODULES.items():
        if importlib.util.find_spec(package) is None:
            for name, ours in modules.items():
                _register(name, ours)


def _register(name: str, ours: str) -> None:
    module = types.ModuleType(name, f"Stands in for {name}, which is not installed.")
    module.__path__ = []
    if ours:
        source = importlib.import_module(f"{__name__}.{ours}")
        module.__dict__.update({key: getattr(source, key) for key in source.__all__})
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
