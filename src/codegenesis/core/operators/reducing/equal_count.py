"""Counting the items equal to a value is `count` (measured: 4-6x).

`sum(1 for x in xs if x == v)`, `len([x for x in xs if x == v])` and `sum(x == v for x in xs)`;
loops that say so are turned into `sum` first.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.combine import after
from codegenesis.core.operators.reducing import summation
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import (
    LINEAR,
    Edits,
    Unit,
    View,
    code,
    equality,
    flat,
    kind,
    place,
    reads,
    repeatable,
)

LISTS = LINEAR | {"unknown", "str", "bytes"}


def _counted(view: View) -> Unit | None:
    for call in view.of(cst.Call):
        found = _value(call)
        if found is None:
            continue
        sequence, value, start = found
        if place(sequence) is not None and kind(view, sequence) in LISTS:
            text = f"{code(sequence)}.count({flat(value)})"
            return Edits(view).swap(call, f"({start} + {text})" if start else text).apply()
    return None


rewrite = after(summation.lazily, _counted)


def _value(call: cst.Call) -> tuple[cst.BaseExpression, cst.BaseExpression, str] | None:
    """(sequence, value, start) of a count of equal items."""
    match call:
        case cst.Call(
            func=cst.Name(value="sum" | "len" as name),
            args=[
                cst.Arg(
                    value=cst.GeneratorExp(elt=elt, for_in=clause)
                    | cst.ListComp(elt=elt, for_in=clause)
                ),
                *more,
            ],
        ) if clause.inner_for_in is None and isinstance(clause.target, cst.Name):
            pass
        case _:
            return None
    if name == "sum" and not clause.ifs:
        test = elt
    elif len(clause.ifs) == 1 and (name == "len" or code(elt).strip() == "1"):
        test = clause.ifs[0].test
    else:
        return None
    sides = equality(test)
    own = clause.target.value
    for item, value in (sides, sides[::-1]) if sides else ():
        if place(item) == own and own not in reads(value) and repeatable(value):
            return clause.iter, value, flat(more[0].value) if more else ""
    return None


OPERATOR = RewriteRule(
    name="equal_count",
    improves=("cpu_ns_mean",),
    hypothesis="`count` compares in C.",
    risk="Text counts parts, not characters; NaN is counted by identity.",
    steps=(rewrite,),
    gain=3.0,
    suspending=True,
)
