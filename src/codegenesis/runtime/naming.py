"""What stands under the name of a gene: the function itself, or what decorators put around it.

Only dictionaries are read, so that no descriptor of the application runs and no proxy wakes up.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Iterator

from codegenesis.fragment import LOCALS, layers, mangle

#: What `functools.lru_cache` makes.
Cache = type(functools.cache(lambda: None))


def module_name(function: types.FunctionType) -> str:
    """The module's name, the same in a spawned worker as in the process that spawned it."""
    return "__main__" if function.__module__ == "__mp_main__" else function.__module__


def look_up(module: str, path: list[str]) -> object:
    """What stands under a dotted name."""
    found: object = sys.modules.get(module)
    for part in path:
        space = getattr(found, "__dict__", {}) if found is not None else {}
        owner = found.__name__ if isinstance(found, type) else ""
        found = space.get(mangle(part, owner))
    return found


def caches(found: object, function: types.FunctionType) -> Iterator[Callable[[], object]]:
    """What empties the caches around `function`: under its name, and in any module."""
    spaces = [vars(m) for m in list(sys.modules.values()) if type(m) is types.ModuleType]
    elsewhere = [each for space in spaces for each in list(space.values()) if type(each) is Cache]
    seen: set[int] = set()
    for start in (found, *elsewhere):
        around = list(layers(start))
        if function not in around:
            continue
        for layer in around:
            if id(layer) not in seen and (clear := _clear_of(layer)) is not None:
                seen.add(id(layer))
                yield clear


def _clear_of(layer: object) -> Callable[[], object] | None:
    if type(layer) is Cache:
        return layer.cache_clear
    try:
        clear = object.__getattribute__(layer, "__dict__").get("cache_clear")
    except AttributeError:
        return None
    return clear if callable(clear) else None


def names_itself(code: types.CodeType) -> bool:
    """Is it likely that the function calls itself?"""
    qualname = code.co_qualname
    name = qualname.rpartition(".")[2]
    if LOCALS in qualname:
        return name in code.co_freevars
    return "." not in qualname and name in _all_names(code)


def _all_names(code: types.CodeType) -> set[str]:
    """Names of globals and attributes that `code`, or code nested in it, uses."""
    names = set(code.co_names)
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            names |= _all_names(const)
    return names
