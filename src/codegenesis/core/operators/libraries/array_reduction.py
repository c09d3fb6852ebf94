"""A loop that reduces arrays to one number becomes one call (measured: about 100x).

`total += xs[i] * ys[i]` is a dot product, `if xs[i] > limit: n += 1` counts, `if x > best: best =
x` is a maximum. numpy adds pairwise, a loop adds in order: a second version adds in order too, so
that not even the last bit of a float differs.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.libraries.axes import Axis, Grid, axis_of
from codegenesis.core.operators.libraries.bodies import Body, body_of, leaks
from codegenesis.core.operators.libraries.vectors import Vectors
from codegenesis.core.operators.patterns import match, module_word
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, flat, walk


def fast(view: View) -> Unit | None:
    """Let numpy add as it likes."""
    return _reduced(view, in_order=False)


def in_order(view: View) -> Unit | None:
    """Add one after another, as the loop did."""
    return _reduced(view, in_order=True)


def _reduced(view: View, *, in_order: bool) -> Unit | None:
    for node in view.nodes:
        if not isinstance(node, cst.For):
            continue
        axis, body = axis_of(view, node), body_of(view, node)
        if axis is None or body is None or leaks(view, node):
            continue
        changed = _written(view, node, axis, body, in_order=in_order)
        if changed is not None:
            return changed
    return None


def _written(view: View, loop: cst.For, axis: Axis, body: Body, *, in_order: bool) -> Unit | None:
    edits = Edits(view)
    np = module_word(view, edits, "numpy", "np")
    grid = Grid(view, (axis,), np)
    words = Vectors(grid.column, grid.names, np)
    masks = [words.of(c) if words.varies(c) else None for c in body.conditions]
    texts = [mask for mask in masks if mask is not None]
    if len(texts) != len(masks) or not _arrays(grid, *body.conditions, body.value):
        return None
    mask = texts[0] if len(texts) == 1 else " & ".join(f"({text})" for text in texts)
    value = words.of(body.value) if words.varies(body.value) else None
    if value is None and not (body.counts and mask):
        return None
    terms = view.fresh("terms")
    made = _said(body, value or "1", mask, terms, np, in_order=in_order)
    if made is None:
        return None
    inside = "".join(f"    {line}\n" for line in made)
    return edits.rewrite(loop, f"if {axis.length}:\n{inside}").apply()


def _arrays(grid: Grid, *nodes: cst.BaseExpression) -> bool:
    """Whether elements of an array are involved at all, not only positions."""
    indexes = {axis.index for axis in grid.axes}
    seen = [node for root in nodes for node in _elements(grid, root)]
    return any(not (isinstance(n, cst.Name) and n.value in indexes) for n in seen)


def _elements(grid: Grid, root: cst.BaseExpression) -> list[cst.CSTNode]:
    return [node for node in walk(root) if grid.column(node) is not None]


def _said(
    body: Body, value: str, mask: str, terms: str, np: str, *, in_order: bool
) -> list[str] | None:
    total = body.target
    if body.kind == "add" and body.counts:
        return [f"{total} += int({np}.count_nonzero({mask}))"]
    chosen = f"({value})[{mask}]" if mask else value
    if body.kind in ("max", "min"):
        return _extreme(body, chosen, terms, np, guarded=bool(mask))
    if body.kind not in ("add", "multiply"):
        return None
    operator, function = ("+=", "sum") if body.kind == "add" else ("*=", "prod")
    if in_order:
        ufunc = "add" if body.kind == "add" else "multiply"
        sums = f"{np}.{ufunc}.accumulate({np}.append({total}, {terms}))[-1]"
        return [f"{terms} = {chosen}", f"if len({terms}):", f"    {total} = {sums}"]
    product = match("x_ * y_", cst.parse_expression(value))
    plain = (cst.Name, cst.Subscript)
    if body.kind == "add" and not mask and product is not None:
        dotted = all(isinstance(side, plain) for side in product.values())
        if dotted:
            return [f"{total} += {np}.dot({flat(product['x_'])}, {flat(product['y_'])})"]
    return [f"{total} {operator} {np}.{function}({chosen})"]


def _extreme(body: Body, chosen: str, terms: str, np: str, *, guarded: bool) -> list[str]:
    found = f"{body.target} = {body.kind}({body.target}, {np}.{body.kind}({{}}))"
    if not guarded:
        return [found.format(chosen)]
    return [f"{terms} = {chosen}", f"if len({terms}):", f"    {found.format(terms)}"]


OPERATOR = RewriteRule(
    name="array_reduction",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="numpy reduces whole arrays in C; a loop makes a Python object of each element.",
    risk="Where numpy adds in another order, sums of floats may differ in the last bits.",
    steps=(fast, in_order),
    gain=50.0,
)
