"""A loop that computes an array element by element becomes one expression (measured: 70x).

`out[i] = f(xs[i])` for each position of a range, `out[i, j] = f(xs[i], ys[j])` for each pair (the
vector of the outer loop is stood upright and broadcast), and `out.append(f(x))`, where the list
gets the same numpy scalars as before.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.libraries.arrays import is_array
from codegenesis.core.operators.libraries.axes import Axis, Grid, axis_of
from codegenesis.core.operators.libraries.bodies import Body, body_of, leaks
from codegenesis.core.operators.libraries.vectors import Vectors
from codegenesis.core.operators.patterns import module_word, only
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, expression, reads


def rewrite(view: View) -> Unit | None:
    """Change one loop, or two of which one is all that the other does."""
    for node in view.nodes:
        if isinstance(node, cst.For):
            changed = _changed(view, node)
            if changed is not None:
                return changed
    return None


def _changed(view: View, loop: cst.For) -> Unit | None:
    outer, inside = axis_of(view, loop), only(loop)
    if outer is None or leaks(view, loop) or loop.orelse is not None:
        return None
    if isinstance(inside, cst.For):
        inner, body = axis_of(view, inside), body_of(view, inside)
        if inner is None or body is None or leaks(view, inside):
            return None
        apart = not reads(expression(inner.high)) & outer.names
        return _written(view, loop, (outer, inner), body) if apart else None
    body = body_of(view, loop)
    return _written(view, loop, (outer,), body) if body is not None else None


def _written(view: View, loop: cst.For, axes: tuple[Axis, ...], body: Body) -> Unit | None:
    edits = Edits(view)
    np = module_word(view, edits, "numpy", "np")
    grid = Grid(view, axes, np)
    words = Vectors(grid.column, grid.names, np)
    value = words.of(body.value)
    masks = [words.of(c) if words.varies(c) else None for c in body.conditions]
    texts = [mask for mask in masks if mask is not None]
    if value is None or len(texts) != len(masks):
        return None
    mask = texts[0] if len(texts) == 1 else " & ".join(f"({text})" for text in texts)
    varies = words.varies(body.value)
    made = _appended(grid, body, value, mask) if body.kind == "append" and varies else None
    if body.kind == "store":
        made = _stored(grid, body, value, mask, varies=varies)
    return None if made is None else edits.rewrite(loop, f"{made}\n").apply()


def _appended(grid: Grid, body: Body, value: str, mask: str) -> str | None:
    axis = grid.axes[0]
    arrays = axis.items or any(is_array(grid.view, name) for name in reads(body.value))
    if len(grid.axes) != 1 or not arrays:
        return None
    return f"{body.target}.extend(({value})[{mask}])" if mask else f"{body.target}.extend({value})"


def _stored(grid: Grid, body: Body, value: str, mask: str, *, varies: bool) -> str | None:
    target = expression(body.target)
    keys = ", ".join(cst.Module([]).code_for_node(key) for key in body.keys)
    place = grid.column(expression(f"{body.target}[{keys}]"))
    if place is None or place.endswith((".T", "None]")) or not is_array(grid.view, target):
        return None
    whole = place if "[" in place else f"{place}[{', '.join(':' * len(grid.axes))}]"
    if not mask:
        return f"{whole} = {value}"
    return f"{whole}[{mask}] = ({value})[{mask}]" if varies else f"{whole}[{mask}] = {value}"


OPERATOR = RewriteRule(
    name="array_elementwise",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="One expression of whole arrays computes in C what a loop computes in Python.",
    risk="Errors and overflows of single elements show as warnings or other values.",
    steps=(rewrite,),
    gain=40.0,
)
