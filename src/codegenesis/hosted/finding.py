"""The function that is meant, in modules that the user's code has imported."""

from __future__ import annotations

import importlib
import sys
import types
from contextlib import suppress
from pathlib import Path

from codegenesis.fragment.behind import innermost


def functions(*, module: str, path: str, qualname: str) -> list[types.FunctionType]:
    """The function, in every module that was made of its file; imported where it is in none."""
    wanted = Path(path).resolve()
    modules = [each for each in list(sys.modules.values()) if file_of(each) == wanted]
    if not modules and module != "__main__":
        with suppress(Exception):  # boundary to the user's import
            modules = [importlib.import_module(module)]
    found = (find(each, qualname) for each in modules)
    return list({id(each): each for each in found if each}.values())


def file_of(module: object) -> Path | None:
    """The file that a module was made of."""
    file = getattr(module, "__file__", None) if isinstance(module, types.ModuleType) else None
    return Path(file).resolve() if isinstance(file, str) else None


def find(module: types.ModuleType, qualname: str) -> types.FunctionType | None:
    """Through dictionaries, and behind decorators; one that no name leads to is not found."""
    found: object = module
    for part in qualname.split("."):
        found = vars(found).get(part) if isinstance(found, type | types.ModuleType) else None
    found = innermost(found, qualname)
    if not isinstance(found, types.FunctionType) or "<locals>" in found.__code__.co_qualname:
        return None
    return found
