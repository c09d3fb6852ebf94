"""numpy arrays as plain records: what fresh inputs are made of, without numpy.

Numbers are taken out of the bytes and put back with `struct`; what has no plain numbers in it
(dates, structures, text) is kept as it came and only cut, repeated and turned around.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from codegenesis.model import Record
from codegenesis.wire.arrays import item_size

ARRAY, SCALAR = "numpy:ndarray", "numpy:scalar"
ARRAY_KINDS = frozenset({ARRAY, SCALAR, "numpy:data"})
READ_ONLY, STRIDED = 1, 4
_CODES = {
    **{f"i{n}": code for n, code in ((1, "b"), (2, "h"), (4, "i"), (8, "q"))},
    **{f"u{n}": code for n, code in ((1, "B"), (2, "H"), (4, "I"), (8, "Q"))},
    **{"f2": "e", "f4": "f", "f8": "d", "b1": "?", "c8": "ff", "c16": "dd"},
}


class Array(Record, frozen=True, kw_only=True):
    """A numpy array, an array inside a frame, or a numpy scalar.

    Attributes:
        kind: `numpy:ndarray`, `numpy:data` or `numpy:scalar`.
        dtype: as numpy writes it (`<f8`).
        data: bytes in C order; the items of an object array.
        flags: read-only 1, Fortran order 2, strided 4.
    """

    kind: str = ARRAY
    dtype: str
    shape: tuple[int, ...] = ()
    data: Any = b""
    flags: int = 0

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def parts(self) -> tuple[Any, ...]:
        """As `codegenesis.wire` has it."""
        if self.kind == SCALAR:
            return self.dtype, self.data
        return self.dtype, self.shape, self.data, self.flags

    def __repr__(self) -> str:
        items = self.data if self.dtype == "|O" else items_of(self)
        shown = ", ".join(map(repr, items[:20])) + (", ..." if len(items) > 20 else "")
        shape = "" if self.kind == SCALAR else f", shape={self.shape}"
        return f"{self.kind.rpartition(':')[2]}([{shown}], {self.dtype}{shape})"


def described(kind: str, parts: Sequence[Any]) -> Array:
    """From the parts of `codegenesis.wire`."""
    if kind == SCALAR:
        return Array(kind=kind, dtype=parts[0], data=parts[1])
    dtype, shape, data, flags = parts
    return Array(kind=kind, dtype=dtype, shape=shape, data=data, flags=flags)


def is_numeric(dtype: str) -> bool:
    """Are its elements numbers (or truth values) that Python has?"""
    return dtype[1:] in _CODES


def is_float(dtype: str) -> bool:
    """Does it have NaN and infinities?"""
    return dtype[1] in "fc" and is_numeric(dtype)


def bounds(dtype: str) -> tuple[int, int]:
    """Smallest and largest element of an integer dtype."""
    bits = 8 * int(dtype[2:])
    return (0, (1 << bits) - 1) if dtype[1] == "u" else (-1 << bits - 1, (1 << bits - 1) - 1)


def items_of(array: Array) -> tuple[Any, ...]:
    """The elements in C order: numbers, else the bytes of each."""
    if array.dtype == "|O":
        return tuple(array.data)
    if not is_numeric(array.dtype):
        size = item_size(array.dtype)
        return tuple(array.data[at : at + size] for at in range(0, len(array.data), size or 1))
    order, code = _format(array.dtype)
    flat = struct.unpack(f"{order}{len(array.data) // struct.calcsize(order + code[0])}{code[0]}",
                         array.data)  # fmt: skip
    if len(code) == 1:
        return flat
    return tuple(map(complex, flat[::2], flat[1::2]))


def with_items(
    array: Array, items: Iterable[Any], *, shape: tuple[int, ...] | None = None
) -> Array:
    """The same dtype with other elements, brought into its range; one dimension by default."""
    items = list(items)
    shape = (len(items),) if shape is None else shape
    data: Any = tuple(items) if array.dtype == "|O" else _packed(array.dtype, items)
    return Array(kind=array.kind, dtype=array.dtype, shape=shape, data=data, flags=array.flags)


def like(array: Array, **changes: Any) -> Array:
    """The array with other fields."""
    return Array(**{name: getattr(array, name) for name in array.__struct_fields__} | changes)


def cast(array: Array, dtype: str) -> Array:
    """The numbers as another dtype, as near as it has them."""
    return like(with_items(like(array, dtype=dtype), items_of(array)), shape=array.shape)


def _format(dtype: str) -> tuple[str, str]:
    return ("=" if dtype[0] == "|" else dtype[0]), _CODES[dtype[1:]]


def _packed(dtype: str, items: Sequence[Any]) -> bytes:
    if not is_numeric(dtype):
        return b"".join(items)
    order, code = _format(dtype)
    if len(code) == 2:
        pairs = [(_floating(code[0], each.real), _floating(code[0], each.imag)) for each in items]
        return b"".join(struct.pack(order + code, *pair) for pair in pairs)
    return struct.pack(f"{order}{len(items)}{code}", *(_fitting(dtype, each) for each in items))


def _fitting(dtype: str, value: Any) -> Any:
    if isinstance(value, complex):
        value = value.real
    if dtype[1] == "b":
        return bool(value)
    if dtype[1] == "f":
        return _floating(_CODES[dtype[1:]], value)
    low, high = bounds(dtype)
    if isinstance(value, float) and not math.isfinite(value):
        return high if value > 0 else low
    return min(max(int(value), low), high)


def _floating(code: str, value: Any) -> float:
    """`struct` refuses what a small float cannot hold; numpy makes it infinite."""
    try:
        number = float(value)
        struct.pack(f"<{code}", number)  # in native order it would not say
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return number
