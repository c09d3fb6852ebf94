"""Fresh arrays from recorded ones: edge cases and strategies.

What breaks rewrites of numeric code: no elements and one, NaN and infinities, minus zero, the ends
of the range, an axis mistaken for another (so never only square ones), memory that is not in order,
and dtypes that are nearly the same.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from codegenesis.evidence.arrays import (
    READ_ONLY,
    SCALAR,
    STRIDED,
    Array,
    bounds,
    cast,
    is_float,
    is_numeric,
    items_of,
    like,
    with_items,
)
from codegenesis.evidence.literals import Literals

Strategy = st.SearchStrategy[Any]
Infer = Callable[..., Strategy]

_SMALL = 256
_NEAR = {"<f8": ("<f4", "<i8"), "<f4": ("<f8",), "<i8": ("<f8", "<i4", "|b1"), "|b1": ("<i8",)}
_NAT = struct.pack("<q", -(1 << 63))


def array_edges(array: Array, literals: Literals) -> Iterator[Array]:
    """Edge cases in the place of an array, or of a numpy scalar."""
    if array.kind == SCALAR:
        yield from (with_items(array, [each], shape=()) for each in specials(array, literals))
        return
    array = small(array)
    yield from _of_layout(array)
    yield from _of_shape(array)
    yield from _of_elements(array, specials(array, literals))
    for dtype in _NEAR.get(array.dtype, ()):
        yield cast(array, dtype)


def specials(array: Array, literals: Literals) -> list[Any]:
    """Elements that are known to break things, the program's own constants among them."""
    dtype = array.dtype
    if dtype[1] == "b":
        return [True, False]
    if is_float(dtype):
        odd = [float("nan"), float("inf"), float("-inf"), -0.0, 0.0, 1e308, 5e-324, -1.5]
        return [*odd, *literals.floats[:12], *map(float, literals.ints[:12])]
    if is_numeric(dtype):
        low, high = bounds(dtype)
        return [low, high, 0, 1, *(n for n in literals.ints[:24] if low <= n <= high)]
    if dtype == "|O":
        return [None, float("nan"), "", *literals.ints[:4], *literals.texts[:4]]
    return [_NAT] if dtype[1] in "mM" else []


def small(array: Array) -> Array:
    """The first rows of a large array: fresh inputs need not be large to be wrong."""
    if array.size <= _SMALL or not array.shape:
        return array
    inner = max(1, array.size // array.shape[0])
    return take(array, range(max(1, _SMALL // inner)))


def take(array: Array, rows: Sequence[int]) -> Array:
    """The rows at these positions along the first axis."""
    items = items_of(array)
    width = len(items) // array.shape[0] if array.shape[0] else 0
    chosen = [item for row in rows for item in items[row * width : (row + 1) * width]]
    return with_items(array, chosen, shape=(len(rows), *array.shape[1:]))


def _of_layout(array: Array) -> Iterator[Array]:
    if array.shape:
        yield like(array, flags=array.flags | STRIDED)
    yield like(array, flags=array.flags ^ READ_ONLY)


def _of_shape(array: Array) -> Iterator[Array]:
    if not array.shape:
        return
    length = array.shape[0]
    yield take(array, [])
    if length:
        for rows in ([0], [0, 0], range(length)[::-1], [*range(length), 0], [*range(length)] * 2):
            yield take(array, rows)
        yield take(array, range(length - 1))
    if len(array.shape) == 2 and array.shape[1]:
        yield _columns(array, array.shape[1] - 1)
        yield _columns(array, 0)


def _columns(array: Array, width: int) -> Array:
    rows, whole = array.shape
    items = items_of(array)
    kept = [item for row in range(rows) for item in items[row * whole : row * whole + width]]
    return with_items(array, kept, shape=(rows, width))


def _of_elements(array: Array, odd: Sequence[Any]) -> Iterator[Array]:
    items = list(items_of(array))
    if not items:
        return
    last, middle = len(items) - 1, len(items) // 2
    for each in odd:
        for at in dict.fromkeys((middle, 0, last)):
            yield with_items(array, [*items[:at], each, *items[at + 1 :]], shape=array.shape)
        yield with_items(array, [each] * len(items), shape=array.shape)
    yield with_items(array, [items[0]] * len(items), shape=array.shape)
    if array.dtype[1] in "iuf":
        yield with_items(array, sorted(items), shape=array.shape)


# --- strategies -----------------------------------------------------------------------------------


def arrays(values: list[Array], literals: Literals, *, infer: Infer, depth: int) -> Strategy:
    """Arrays like these, of one dtype and number of dimensions."""
    bases = [small(value) for value in values[:40]]
    pool = [item for base in bases for item in items_of(base)][:400]
    if not pool:
        return st.sampled_from(bases)
    elements = _elements(bases[0], pool, literals, infer, depth)
    if not bases[0].shape:
        return st.one_of(st.sampled_from(bases), elements.map(lambda x: _of_one(bases[0], x)))
    base = st.sampled_from(bases)
    return st.one_of(
        base,
        st.builds(_altered, base, st.lists(st.tuples(st.integers(0), elements), max_size=5)),
        st.builds(_rows, base, st.lists(st.integers(0), max_size=12)),
        base.flatmap(lambda each: _refilled(each, elements)),
        st.builds(lambda each: like(each, flags=each.flags | STRIDED), base),
    )


def _elements(
    array: Array, pool: list[Any], literals: Literals, infer: Infer, depth: int
) -> Strategy:
    odd = specials(array, literals)
    if not is_numeric(array.dtype) and array.dtype != "|O":
        return st.sampled_from([*pool, *odd])
    known = infer(pool, literals, depth=depth + 1)
    return st.one_of(known, st.sampled_from(pool), st.sampled_from(odd or pool))


def _of_one(array: Array, item: Any) -> Array:
    return with_items(array, [item], shape=())


def _altered(array: Array, changes: list[tuple[int, Any]]) -> Array:
    items = list(items_of(array))
    for at, item in changes if items else ():
        items[at % len(items)] = item
    return with_items(array, items, shape=array.shape)


def _rows(array: Array, rows: list[int]) -> Array:
    length = array.shape[0]
    return take(array, [row % length for row in rows] if length else [])


def _refilled(array: Array, elements: Strategy) -> Strategy:
    size = min(array.size, 40)
    shape = array.shape if size == array.size else (size,) + (1,) * (len(array.shape) - 1)
    return st.lists(elements, min_size=size, max_size=size).map(
        lambda items: with_items(array, items, shape=shape)
    )
