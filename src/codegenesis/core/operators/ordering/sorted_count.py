"""Counting what lies below a value, again and again: sort once, then bisect (50x at 1000 items).

    for x in xs:                                  ys_sorted = sorted(ys)
        n = sum(1 for y in ys if y < x)    ->     for x in xs:
                                                      n = bisect_left(ys_sorted, x)

Also `<=`, `>`, `>=`, `a <= y < b`, `len([…])` instead of `sum`, and loops that say the same.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.combine import after
from codegenesis.core.operators.reducing import summation
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Loop, Unit, View, code, flat, place, reads, repeatable

#: How many lie on that side of a value: (function, counted from the end).
SIDES = {
    "<": ("bisect_left", False),
    "<=": ("bisect_right", False),
    ">": ("bisect_right", True),
    ">=": ("bisect_left", True),
}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

Bound = tuple[str, cst.BaseExpression]


def _bisected(view: View) -> Unit | None:
    """Change one count."""
    for call in view.of(cst.Call):
        clause = _clause(call)
        loop = _loop(view, call, clause) if clause is not None else None
        bounds = _bounds(clause) if clause is not None else None
        if clause is not None and loop is not None and bounds:
            return _write(view, call, clause, loop, bounds)
    return None


rewrite = after(summation.lazily, _bisected)


def _clause(call: cst.Call) -> cst.CompFor | None:
    """The clause of `sum(1 for …)` or `len([…])` with one condition."""
    match call:
        case cst.Call(
            func=cst.Name(value="sum" | "len" as name),
            args=[
                cst.Arg(
                    value=cst.GeneratorExp(elt=elt, for_in=clause)
                    | cst.ListComp(elt=elt, for_in=clause)
                )
            ],
        ) if clause.inner_for_in is None and len(clause.ifs) == 1:
            counts = name == "len" or code(elt).strip() == "1"
            return clause if counts and isinstance(clause.target, cst.Name) else None
    return None


def _loop(view: View, call: cst.Call, clause: cst.CompFor) -> Loop | None:
    """The loop before which the sequence can be sorted."""
    if place(clause.iter) is None:
        return None
    return view.outermost(clause.iter, at=call)


def _bounds(clause: cst.CompFor) -> list[Bound] | None:
    """What the condition asks of the item, as signs and limits."""
    own = code(clause.target).strip()
    match clause.ifs[0].test:
        case cst.Comparison(left=left, comparisons=[only]):
            found = [_bound(own, left, only.operator, only.comparator)]
        case cst.Comparison(left=left, comparisons=[first, second]):
            found = [
                _bound(own, left, first.operator, first.comparator),
                _bound(own, first.comparator, second.operator, second.comparator),
            ]
        case _:
            return None
    known = [bound for bound in found if bound is not None]
    if len(known) != len(found) or not all(repeatable(limit) for _, limit in known):
        return None
    if len(known) == 2 and {sign[0] for sign, _ in known} != {"<", ">"}:
        return None
    return known


def _bound(
    own: str, left: cst.BaseExpression, operator: cst.BaseCompOp, right: cst.BaseExpression
) -> Bound | None:
    sign = code(operator).strip()
    if sign not in SIDES:
        return None
    if place(left) == own and own not in reads(right):
        return sign, right
    return (MIRRORED[sign], left) if place(right) == own and own not in reads(left) else None


def _write(
    view: View, call: cst.Call, clause: cst.CompFor, loop: Loop, bounds: list[Bound]
) -> Unit:
    source = flat(clause.iter)
    ordered = view.fresh(f"{source.rpartition('.')[2]}_sorted")
    edits = Edits(view).before(loop.statement, f"{ordered} = sorted({source})\n")
    parts: dict[bool, str] = {}
    for sign, limit in bounds:
        function, from_end = SIDES[sign]
        word, needs = view.imported("bisect", function)
        if needs:
            edits.prelude(f"{needs}\n")
        parts[from_end] = f"{word}({ordered}, {flat(limit)})"
    if len(parts) == 2:
        text = f"max(0, {parts[False]} - {parts[True]})"
    else:
        text = f"(len({ordered}) - {parts[True]})" if True in parts else parts[False]
    return edits.swap(call, text).apply()


OPERATOR = RewriteRule(
    name="sorted_count",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="In a sorted copy, counting what lies below a value takes a handful of comparisons.",
    risk="Items must be comparable with each other; NaN has no place in an order.",
    steps=(rewrite,),
    gain=12.0,
    suspending=True,
)
