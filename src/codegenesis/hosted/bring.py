"""Making the caller's own objects what a call elsewhere left of their copies.

`items.sort()` in another process sorts a copy. The caller holds the list itself, perhaps in several
places, so it is the list that must change, and everything in it that can be matched must stay the
same object: positions in sequences, keys in dicts, attributes of instances.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from codegenesis.errors import WireError
from codegenesis.wire.shapes import shape_of

_DEEPEST = 100


def bring(live: Any, left: Any, *, depth: int = 0) -> Any:
    """Make `live` equal to `left` without replacing it, where it can be changed in place.

    Returns:
        `live`, or `left` where they are of different types or cannot be changed.
    """
    if type(live) is not type(left) or depth > _DEEPEST:
        return left
    if isinstance(live, list):
        live[:] = _paired(live, left, depth)
    elif isinstance(live, deque):
        items = _paired(list(live), list(left), depth)
        live.clear()
        live.extend(items)
    elif isinstance(live, dict):
        cells = {key: bring(live.get(key), cell, depth=depth + 1) for key, cell in left.items()}
        live.clear()
        live.update(cells)
    elif isinstance(live, set):
        live.clear()
        live.update(left)
    elif isinstance(live, bytearray):
        live[:] = left
    elif isinstance(live, tuple):
        return _tuple(live, left, depth)
    elif _is_array(live) and live.shape == left.shape and live.dtype == left.dtype:
        live[...] = left
    else:
        return _instance(live, left, depth)
    return live


def _paired(live: list[Any], left: list[Any], depth: int) -> list[Any]:
    """Position by position; what is beyond the shorter of the two is new."""
    pairs = zip(live, left, strict=False)
    return [bring(old, new, depth=depth + 1) for old, new in pairs] + left[len(live) :]


def _tuple(live: tuple[Any, ...], left: tuple[Any, ...], depth: int) -> tuple[Any, ...]:
    items = _paired(list(live), list(left), depth)
    same = len(live) == len(items) and all(a is b for a, b in zip(live, items, strict=True))
    return live if same or type(live) is not tuple else tuple(items)


def _is_array(value: Any) -> bool:
    return type(value).__module__ == "numpy" and type(value).__name__ == "ndarray"


def _instance(live: Any, left: Any, depth: int) -> Any:
    """Slots and `__dict__`, read and written past the class's own code."""
    try:
        shape = shape_of(type(live))
    except WireError:
        return left
    if shape.kind != "instance":
        return left
    for _, descriptor in shape.slots:
        _slot(descriptor, live, left, depth)
    if shape.state:
        bring(shape.state.__get__(live), shape.state.__get__(left), depth=depth + 1)
    return live


def _slot(descriptor: Any, live: Any, left: Any, depth: int) -> None:
    missing = object()
    old, new = _read(descriptor, live, missing), _read(descriptor, left, missing)
    if new is not missing:
        descriptor.__set__(live, bring(old, new, depth=depth + 1))
    elif old is not missing:
        descriptor.__delete__(live)


def _read(descriptor: Any, value: Any, missing: object) -> Any:
    try:
        return descriptor.__get__(value)
    except AttributeError:
        return missing
