"""From what stands under a name to the plain function behind it.

A decorator that says what it wraps (`cache`, `singledispatch`, whatever uses `functools.wraps`,
`property`, `classmethod`, icontract's checkers) stays where it is: what is evolved is the function
behind it. Layers are read from dictionaries; no descriptor of the user's runs.
"""

from __future__ import annotations

import functools
import types
from typing import Any

_MOST_LAYERS = 50


def innermost(found: object, qualname: str) -> object:
    """The function called `qualname` behind what stands around it; else the last layer."""
    for _ in range(_MOST_LAYERS):
        if isinstance(found, types.FunctionType) and found.__code__.co_qualname == qualname:
            break
        behind = _behind(found)
        if behind is None:
            break
        found = behind
    return found


def _behind(found: object) -> object | None:
    if isinstance(found, property):
        return found.fget
    if isinstance(found, functools.cached_property | functools.singledispatchmethod):
        return found.func
    if isinstance(found, classmethod | staticmethod):
        wrapped: object = found.__func__
        return wrapped
    space: dict[str, Any] = getattr(found, "__dict__", {})
    return space.get("__wrapped__")
