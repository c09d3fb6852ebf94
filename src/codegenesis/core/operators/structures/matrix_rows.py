"""`grid[i][j]` in a loop over `j` looks the row up again each time (measured: 1.2-1.3x).

The row is taken once, before the innermost loop that does not change it. Making one flat list of
the grid, `flat[i * width + j]`, was measured too: on CPython the arithmetic costs more than it
saves.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    Edits,
    Loop,
    Unit,
    View,
    flat,
    key,
    reads,
    repeatable,
    uses,
)


def rewrite(view: View) -> Unit | None:
    """Take one row out of its loop."""
    for node, name in _rows(view):
        loop = view.loops(node)[0]
        if not _steady(view, node, name, loop):
            continue
        word = view.fresh(f"{name}_row")
        edits = Edits(view).before(loop.statement, f"{word} = {flat(node)}\n")
        for other, _ in _rows(view):
            if key(other) == key(node) and view.loops(other)[0].node is loop.node:
                edits.swap(other, word)
        return edits.apply()
    return None


def _rows(view: View) -> Iterator[tuple[cst.Subscript, str]]:
    """`grid[i]` in `grid[i][j]`, inside a loop that is inside another."""
    for node in view.nodes:
        match node:
            case cst.Subscript(
                value=cst.Subscript(
                    value=cst.Name(value=name),
                    slice=[cst.SubscriptElement(slice=cst.Index(value=index))],
                ) as row
            ) if name in view.locals:
                loops = view.loops(node)
                if len(loops) > 1 and loops[0].is_statement and _simple(index):
                    yield row, name


def _simple(index: cst.BaseExpression) -> bool:
    """A position, not a text: rows of tables by name are another matter."""
    return bool(reads(index)) and repeatable(index) and not isinstance(index, cst.Call)


def _steady(view: View, row: cst.Subscript, name: str, loop: Loop) -> bool:
    """Whether `grid[i]` is the same list all through the loop."""
    if reads(row) & loop.does.bound or view.inside(row, getattr(loop.node, "iter", row.value)):
        return False
    for use in uses(view, name):
        if not view.inside(use.node, loop.node) or use.kind in ("contains", "tested", "iterated"):
            continue
        if use.kind == "indexed" and _whole_rows_stay(view, use.within):
            continue
        if use.kind == "argument" and use.name == "len":
            continue
        return False
    return not any(isinstance(n, cst.Name) and n.value == name for n in _targets(loop))


def _whole_rows_stay(view: View, node: cst.CSTNode) -> bool:
    """Whether the row that is looked up is only looked into, or one entry of it set."""
    parent = view.parent(node)
    return isinstance(parent, cst.Subscript) and parent.value is node


def _targets(loop: Loop) -> list[cst.CSTNode]:
    return [loop.node.target] if isinstance(loop.node, cst.For) else []


OPERATOR = RewriteRule(
    name="matrix_rows",
    improves=("cpu_ns_mean",),
    hypothesis="A row of a table is looked up once per pass instead of once per cell.",
    risk="The row is also looked up when the loop never runs.",
    steps=(rewrite,),
    gain=1.25,
)
