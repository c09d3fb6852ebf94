"""Which values travel between evaluator and program, and what is sent instead of the others.

Plain values (numbers, text, containers, arrays, dates, …) travel whole. Whatever could behave in
its own way (instances, functions, iterators: `__float__`, `__eq__` or `__array__` may say one thing
now and another later) stays where it is, and a number for it travels: `Kept`.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from codegenesis import wire
from codegenesis.errors import WireError

#: Of one value.
MOST_BYTES = 15 << 20
_DEEPEST = 50
_ATOMS = frozenset({type(None), bool, int, float, str, bytes, complex})
_LIBRARIES = frozenset({"datetime", "decimal", "fractions", "uuid", "zoneinfo", "numpy"})
_CONTAINERS = frozenset({list, tuple, dict, set, frozenset, bytearray, range, slice})


class Kept(NamedTuple):
    """Something that stayed on the other side.

    Attributes:
        number: by which that side knows it.
        name: of its type, or its own, for people.
        sort: see `messages.Sort`; `callback` when the evaluator keeps it.
    """

    number: int
    name: str
    sort: str


_KEPT = f"{Kept.__module__}:{Kept.__qualname__}"


def pack(value: object, keep: Callable[[Any], Kept], *, shared: Collection[str] = ()) -> bytes:
    """Encode a value, with what does not travel replaced by what `keep` says.

    Args:
        shared: modules that both sides import: members of their enums travel by name.

    Raises:
        WireError: it is too large or nested too deeply.
    """
    return wire.encode(_plain(value, keep, shared, _DEEPEST), max_bytes=MOST_BYTES)


def _plain(value: Any, keep: Callable[[Any], Kept], shared: Collection[str], depth: int) -> Any:
    kind = type(value)
    if kind in _ATOMS:
        return value
    if depth <= 0:
        raise WireError("it is nested too deeply, or contains itself")
    if kind is list or kind is tuple:
        if _ATOMS.issuperset(map(type, value)):
            return value
        return kind([_plain(item, keep, shared, depth - 1) for item in value])
    if kind is dict:
        keys = (_plain(key, keep, shared, depth - 1) for key in value)
        items = (_plain(item, keep, shared, depth - 1) for item in value.values())
        return dict(zip(keys, items, strict=True))
    return value if _travels(value, kind, shared) else keep(value)


def _travels(value: Any, kind: type, shared: Collection[str]) -> bool:
    if kind in _CONTAINERS:
        return kind not in (set, frozenset) or _ATOMS.issuperset(map(type, value))
    if kind is Kept or kind.__module__ in _LIBRARIES:
        try:
            wire.encode(value, max_bytes=MOST_BYTES)
        except WireError as error:
            if "larger" in str(error) or "more than" in str(error):
                raise
            return False
        return True
    return issubclass(kind, enum.Enum) and kind.__module__ in shared


def unpack(data: bytes, meet: Callable[[Kept], Any], *, shared: Collection[str] = ()) -> Any:
    """Decode a value that an enemy may have written; `meet` makes what stands for a `Kept`.

    Raises:
        WireError: it is not a value that `pack` would write.
    """
    value = wire.decode(data, resolve=lambda name: _resolve(name, shared))
    return _met(value, meet) if _KEPT.encode() in data else value


def _resolve(name: str, shared: Collection[str]) -> object:
    """Nothing that is loaded here but our own marker and members of shared enums."""
    if name == _KEPT:
        return Kept
    home, _, qualname = name.partition(":")
    if home in shared:
        import sys

        found = vars(sys.modules[home]).get(qualname) if home in sys.modules else None
        if isinstance(found, enum.EnumMeta):
            return found
    raise WireError(f"a {name[:100]} does not travel")


def _met(value: Any, meet: Callable[[Kept], Any]) -> Any:
    kind = type(value)
    if kind is Kept:
        return meet(_checked(value))
    if kind is list or kind is tuple:
        return kind([_met(item, meet) for item in value])
    if kind is dict:
        return {_met(key, meet): _met(item, meet) for key, item in value.items()}
    return value


def _checked(kept: Kept) -> Kept:
    """Its fields are whatever the other side wrote."""
    if len(kept) != len(Kept._fields) or [type(part) for part in kept] != [int, str, str]:
        raise WireError("expected the number of something that is kept")
    return Kept(kept[0], kept[1][:100], kept[2])


def is_function(value: object) -> bool:
    """Something to call that is no class."""
    kinds = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
    return isinstance(value, kinds) or (callable(value) and not isinstance(value, type))
