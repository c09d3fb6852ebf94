"""What belongs to a call: its arguments, and what a closure's free variables hold.

They are named `.name`, which no keyword can be, so gates and input makers take them for keyword
arguments. One gene stands for all closures of a `def`; whose call it is shows in the cells.
"""

from __future__ import annotations

import types
from collections.abc import Iterable

from codegenesis.runtime.live import Cells, LiveGene, Overlay

_ATOMS = frozenset({int, float, str, bytes, bool, complex, type(None)})


class Unset:
    """Stands for a free variable that holds nothing yet; it cannot be encoded."""


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
    names = gene.current.code.co_freevars
    return {
        f".{name}": _held(cell)
        for name, cell in zip(names, cells, strict=True)
        if name != "__class__"
    }


def _held(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return Unset()
