"""`sum(xs[i:j])` in a loop adds the same items again and again: keep running totals.

    for i in range(n):                          xs_sums = list(accumulate(xs, initial=0))
        t = sum(xs[i:i + k])          ->        for i in range(n):
                                                    t = xs_sums[min(i + k, len(xs))] - xs_sums[i]

Also `sum(xs[k] for k in range(i, j))`, and the `max` or `min` of all items up to, or from, a
position. Measured 20x at 1000 items. Totals of floats round in another order.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.combine import after
from codegenesis.core.operators.reducing import summation
from codegenesis.core.operators.shapes import range_of
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    LINEAR,
    Edits,
    Loop,
    Unit,
    View,
    code,
    expression,
    flat,
    key,
    kind,
    place,
    walk,
)

Cut = tuple[cst.BaseExpression, str, str]


def _accumulated(view: View) -> Unit | None:
    """Change one reduction."""
    for call in view.of(cst.Call):
        cut = _cut(call)
        if cut is None or kind(view, cut[0]) not in LINEAR | {"unknown"}:
            continue
        loop = view.outermost(cut[0], at=call)
        if loop is not None and not _fixed(loop, cut):
            changed = _write(view, call, cut, loop)
            if changed is not None:
                return changed
    return None


rewrite = after(summation.lazily, _accumulated)


def _fixed(loop: Loop, cut: Cut) -> bool:
    """Whether the part is the same in each repetition: then it is computed once, elsewhere."""
    return all(loop.does.spare(expression(bound)) for bound in cut[1:] if bound)


def _cut(call: cst.Call) -> Cut | None:
    """(sequence, low, high) of `sum(xs[low:high])` and `sum(xs[k] for k in range(low, high))`."""
    match call:
        case cst.Call(func=cst.Name(value="sum" | "max" | "min"), args=[cst.Arg(value=inside)]):
            pass
        case _:
            return None
    match inside:
        case cst.Subscript(
            value=base, slice=[cst.SubscriptElement(slice=cst.Slice(step=None) as cut)]
        ) if place(base) is not None:
            low = flat(cut.lower) if cut.lower else ""
            return base, low, flat(cut.upper) if cut.upper else ""
        case cst.GeneratorExp(elt=elt, for_in=clause) | cst.ListComp(elt=elt, for_in=clause):
            limits = range_of(clause.iter)
            return _indexed(elt, clause, limits) if limits and limits[2] == "1" else None
    return None


def _indexed(
    elt: cst.BaseExpression, clause: cst.CompFor, limits: tuple[str, str, str]
) -> Cut | None:
    match elt:
        case cst.Subscript(
            value=base, slice=[cst.SubscriptElement(slice=cst.Index(value=index))]
        ) if not clause.ifs and clause.inner_for_in is None and place(base) is not None:
            own = code(clause.target).strip()
            return (base, limits[0], limits[1]) if code(index).strip() == own else None
    return None


def _write(view: View, call: cst.Call, cut: Cut, loop: Loop) -> Unit | None:
    base, low, high = cut
    if any(_negative(bound) for bound in (low, high) if bound):
        return None
    source, what = flat(base), flat(call.func)
    word, needs = view.imported("itertools", "accumulate")
    name = view.fresh(f"{source.rpartition('.')[2]}_{'sums' if what == 'sum' else what}")
    if what == "sum":
        built = f"list({word}({source}, initial=0))"
        upper = _bound(high, source) if high else "-1"
        found = f"{name}[{upper}]" if low in ("", "0") else f"({name}[{upper}] - {name}[{low}])"
    elif low in ("", "0") and high.endswith("+ 1"):
        built = f"list({word}({source}, {what}))"
        found = f"{name}[{high.removesuffix('+ 1').strip()}]"
    elif low and not high:
        built = f"list({word}(reversed({source}), {what}))[::-1]"
        found = f"{name}[{low}]"
    else:
        return None
    edits = Edits(view).before(loop.statement, f"{name} = {built}\n").swap(call, found)
    if needs:
        edits.prelude(f"{needs}\n")
    return edits.apply()


def _negative(bound: str) -> bool:
    """Whether a bound may count from the end."""
    operations = cst.BinaryOperation | cst.UnaryOperation
    return any(
        isinstance(node, operations) and isinstance(node.operator, cst.Minus | cst.Subtract)
        for node in walk(expression(bound))
    )


def _bound(high: str, source: str) -> str:
    """A bound that does not reach beyond the end."""
    node = expression(high)
    exact = isinstance(node, cst.Name | cst.Integer) or key(node) == f"len({source})"
    return high if exact else f"min({high}, len({source}))"


OPERATOR = RewriteRule(
    name="prefix_sums",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="Running totals answer for any part of the sequence with one subtraction.",
    risk="Floats round in another order; bounds beyond the end or from it are not expected.",
    steps=(rewrite,),
    gain=10.0,
    suspending=True,
)
