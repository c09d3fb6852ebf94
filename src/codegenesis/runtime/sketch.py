"""What is said of a call without keeping it: type, size and range of each argument.

A sketch is a dict by parameter name, written to `Observation.sketch` as JSON:

    {"items": {"type": "list", "len": 40, "items": "int", "low": 0, "high": 39},
     "rate":  {"type": "float", "value": 0.07},
     "cart":  {"type": "shop.cart:Cart"},
     "token": {"type": "str"}}

`len` is there for builtin containers and their subclasses, `value` for plain numbers; `low` and
`high` are over the first numeric items. A parameter whose name is sensitive has its type only. The
cost is bounded whatever the argument is, and no code of the argument's class is run: sizes are
asked of the builtin base (`list.__len__`), never of the object.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from itertools import islice

Sketch = dict[str, dict[str, object]]

#: Items of a container that are looked at.
PEEK = 16
_LARGEST = 2**53
_SIZED = (list, tuple, dict, str, bytes, bytearray, set, frozenset)
_NUMBERS = (int, float)


def sketch(values: Mapping[str, object], *, sensitive: Collection[str] = ()) -> Sketch:
    """Sketch arguments by the name of their parameter."""
    return {
        name: {"type": type_name(type(value))} if name in sensitive else _entry(value)
        for name, value in values.items()
    }


def type_name(cls: type) -> str:
    """`module:qualname`, or the bare name of a builtin."""
    if cls.__module__ == "builtins":
        return cls.__qualname__
    module = "__main__" if cls.__module__ == "__mp_main__" else cls.__module__
    return f"{module}:{cls.__qualname__}"


def _entry(value: object) -> dict[str, object]:
    kind = type(value)
    entry: dict[str, object] = {"type": type_name(kind)}
    if kind in _NUMBERS:
        entry["value"] = _number(value)  # type: ignore[arg-type]
        return entry
    base = next((each for each in _SIZED if issubclass(kind, each)), None)
    if base is None:
        return entry
    entry["len"] = base.__len__(value)  # type: ignore[arg-type]
    if base not in (str, bytes, bytearray):
        _add_items(entry, list(islice(base.__iter__(value), PEEK)))  # type: ignore[arg-type]
    return entry


def _add_items(entry: dict[str, object], items: list[object]) -> None:
    kinds = {type(item) for item in items}
    if not kinds:
        return
    entry["items"] = type_name(kinds.pop()) if len(kinds) == 1 else "mixed"
    numbers = [_number(item) for item in items if type(item) in _NUMBERS]  # type: ignore[arg-type]
    if numbers and len(numbers) == len(items):
        entry["low"], entry["high"] = min(numbers), max(numbers)


def _number(value: float) -> float:
    """A number that JSON can hold everywhere; order and sign are kept, size may be cut."""
    if isinstance(value, int):
        return max(-_LARGEST, min(_LARGEST, value))
    if not math.isfinite(value):
        return 0.0 if math.isnan(value) else math.copysign(1.7e308, value)
    return value
