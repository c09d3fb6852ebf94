"""Columns of values: what an expression comes to on every example, and when two columns are one.

A search by observational equivalence lives on this comparison: an expression whose column was seen
before is dropped at once. `marshal` tells types apart (1, True, 1.0), needs about half a
microsecond for ten values, and at version 2 writes equal values alike; `repr` took four times as
long.
"""

from __future__ import annotations

import marshal
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from codegenesis import wire
from codegenesis.errors import WireError

#: Stands for the value of an expression in a row where it raised. Nobody computes an Ellipsis.
ERR: Final = ...

Column = tuple[Any, ...]

_NONE = type(None)
_PLAIN: dict[type, tuple[str, ...]] = {
    bool: ("bool", "scalar", "any"),
    int: ("int", "num", "scalar", "any"),
    float: ("float", "num", "scalar", "any"),
    str: ("str", "seq", "iter", "sized", "scalar", "any"),
    list: ("list", "seq", "iter", "sized", "any"),
    tuple: ("tuple", "seq", "iter", "sized", "any"),
    set: ("set", "iter", "sized", "any"),
    frozenset: ("set", "iter", "sized", "any"),
    dict: ("dict", "sized", "any"),
    bytes: ("bytes", "seq", "sized", "any"),
    _NONE: ("none", "any"),
}
_NESTED = {list, tuple, set, frozenset}


def key(values: Sequence[Any]) -> int:
    """The same for the same column; 64 bits, so that a million columns do not meet by chance."""
    try:
        return hash(marshal.dumps(tuple(values), 2))
    except ValueError:
        return hash(tuple(map(_by_identity, values)))


def digest(value: Any) -> int:
    """The same for equal values, whichever objects they are made of."""
    try:
        return hash(marshal.dumps(value, 2))
    except ValueError:
        return hash(_slow_key(value))


def _by_identity(value: Any) -> Any:
    """Objects of the project as they are: expressions hand them on, and seldom make new ones."""
    if isinstance(value, list | tuple | set | frozenset):
        return (type(value), *map(_by_identity, value))
    if isinstance(value, dict):
        return (dict, *map(_by_identity, value.items()))
    try:
        return marshal.dumps(value, 2)
    except ValueError:
        return id(value)


def _slow_key(value: Any) -> Any:
    try:
        return marshal.dumps(value, 2)
    except ValueError:
        pass
    try:
        return wire.encode(value)
    except (WireError, RecursionError):
        return id(value)


def kinds_of(values: Iterable[Any]) -> tuple[str, ...]:
    """What the values of a column can be used as; of the most special kind first."""
    some = [value for value in values if value is not ERR]
    types = set(map(type, some))
    if len(types) > 1 and _NONE in types:
        rest = kinds_of(value for value in some if value is not None)
        return (*rest, "optional")
    if types == {int, float}:
        return ("num", "scalar", "any")
    if types == {int, bool}:
        return ("scalar", "any")
    if len(types) != 1:
        return ("mixed", "any")
    (kind,) = types
    own = _PLAIN.get(kind)
    if own is None:
        return (f"obj:{kind.__name__}", "any")
    return (*_element_kinds(some), *own) if kind in _NESTED else own


def _element_kinds(values: Sequence[Any]) -> tuple[str, ...]:
    inner: set[type] = set()
    for value in values:
        inner.update(map(type, value))
    if inner and inner <= {int, float}:
        return ("nums", "sortable")
    if inner == {str}:
        return ("strs", "sortable")
    if inner == {bool}:
        return ("bools",)
    if inner and inner <= {list, tuple}:
        pairs = all(len(item) == 2 for value in values for item in value)
        return ("pairs", "lists") if pairs else ("lists",)
    return ("empties", "nums", "strs") if not inner else ()


def distance(came: Any, wanted: Any) -> float:
    """How far a value is from what was wanted: 0 when equal, 1 when nothing is right about it."""
    if came is ERR:
        return 1.0
    if type(came) is not type(wanted):
        return 0.95
    measure = _MEASURES.get(type(wanted))
    return 0.0 if came == wanted else 0.1 + 0.7 * measure(came, wanted) if measure else 0.9


def _number_distance(came: float, wanted: float) -> float:
    gap = abs(came - wanted)
    return gap / (gap + 1 + abs(wanted)) if math.isfinite(gap) else 1.0


def _set_distance(came: Any, wanted: Any) -> float:
    return len(came ^ wanted) / max(1, len(came | wanted))


def _table_distance(came: Any, wanted: Any) -> float:
    right = sum(1 for k, v in wanted.items() if k in came and came[k] == v)
    return 1 - right / max(1, len(wanted), len(came))


def _sequence_distance(came: Any, wanted: Any) -> float:
    longest = max(len(came), len(wanted), 1)
    head = sum(1 for a, b in zip(came, wanted, strict=False) if a == b)
    tail = sum(1 for a, b in zip(reversed(came), reversed(wanted), strict=False) if a == b)
    return 1 - max(head, tail) / longest


_MEASURES: dict[type, Callable[[Any, Any], float]] = {
    **dict.fromkeys((int, float), _number_distance),
    **dict.fromkeys((str, list, tuple), _sequence_distance),
    **dict.fromkeys((set, frozenset), _set_distance),
    dict: _table_distance,
}
