"""What belongs to a call: its arguments, and what a closure's free variables hold.

They are named `.name`, which no keyword can be, so gates and input makers take them for keyword
arguments. One gene stands for all closures of a `def`; whose call it is shows in the cells.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from operator import is_

from codegenesis.runtime.live import Cells, LiveGene, Overlay

_ATOMS = frozenset({int, float, str, bytes, bool, complex, type(None)})
_LEFT_OUT = object()


def with_free(kwargs: dict[str, object], gene: LiveGene, cells: Cells) -> dict[str, object]:
    """Keyword arguments, and what the free variables hold now."""
    return kwargs if cells is None else kwargs | _values(gene, cells)


def nested(
    gene: LiveGene, overlay: Overlay, running: types.FunctionType, cells: Cells
) -> types.FunctionType:
    """What a call inside a call goes on with: the code of the outer one, on cells of its own."""
    run = gene.within(overlay, running)
    return run if cells is None else gene.bare(run.__code__, cells)


def immutable(values: Iterable[object]) -> bool:
    """Can none of these values be changed by whoever holds them?"""
    return all(type(value) in _ATOMS for value in values)


def _values(gene: LiveGene, cells: tuple[types.CellType, ...]) -> dict[str, object]:
    """Left out is what holds nothing yet, and the function itself: who makes it anew has that."""
    names = gene.current.code.co_freevars
    found = {}
    for name, cell in zip(names, cells, strict=True):
        value = _held(cell, cells)
        if value is not _LEFT_OUT and name != "__class__":
            found[f".{name}"] = value
    return found


def _held(cell: types.CellType, cells: tuple[types.CellType, ...]) -> object:
    try:
        value: object = cell.cell_contents
    except ValueError:
        return _LEFT_OUT
    theirs = value.__closure__ if type(value) is types.FunctionType else None
    return _LEFT_OUT if theirs and _same(theirs, cells) else value


def _same(theirs: tuple[types.CellType, ...], ours: tuple[types.CellType, ...]) -> bool:
    """Cells that hold equal values are equal, so they are compared by identity."""
    return len(theirs) == len(ours) and all(map(is_, theirs, ours))
