"""From what stands under a name to the plain function behind it.

A decorator that says what it wraps (`cache`, `singledispatch`, whatever uses `functools.wraps`,
`property`, `classmethod`, icontract's checkers) stays where it is: what is evolved is the function
behind it. Layers are read from dictionaries; no descriptor of the user's runs.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator

_MOST_LAYERS = 50


def innermost(found: object, qualname: str) -> object:
    """The function called `qualname` behind what stands around it; else the last layer."""
    last = found
    for last in layers(found):
        if isinstance(last, types.FunctionType) and last.__code__.co_qualname == qualname:
            break
    return last


def layers(found: object) -> Iterator[object]:
    """What stands there, what is behind that, and so on."""
    for _ in range(_MOST_LAYERS):
        if found is None:
            return
        yield found
        found = _behind(found)


def _behind(found: object) -> object:
    cls = type(found)  # a proxy's `__class__` would wake up what stands behind it
    if cls is types.MethodType:
        return found.__func__  # type: ignore[attr-defined]
    if issubclass(cls, property):
        return found.fget  # type: ignore[attr-defined]
    if issubclass(cls, functools.cached_property | functools.singledispatchmethod):
        return found.func  # type: ignore[attr-defined]
    if issubclass(cls, classmethod | staticmethod):
        return found.__func__  # type: ignore[attr-defined]
    try:
        return object.__getattribute__(found, "__dict__").get("__wrapped__")
    except AttributeError:
        return None
