"""A loop that only multiplies is `math.prod`, and over `range(1, n + 1)` it is `math.factorial`.

`factorial` multiplies numbers of like size (measured: 12x at 1000!).
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.reducing.summation import items
from codegenesis.core.operators.shapes import Funnel, funnel, numeric, range_of, start
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, expression, flat, place, reads


def rewrite(view: View) -> Unit | None:
    """Replace one loop."""
    for loop in view.of(cst.For):
        found = funnel(view, loop)
        factor = _factor(found.middle) if found else None
        if found is None or factor is None:
            continue
        name, value = factor
        if numeric(view, name) and name not in found.bound | found.heard | reads(value):
            return _write(view, found, name, value)
    return None


def _factor(middle: cst.BaseSmallStatement) -> tuple[str, cst.BaseExpression] | None:
    match middle:
        case cst.AugAssign(target=cst.Name(value=name), operator=cst.MultiplyAssign(), value=value):
            return name, value
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Name(value=name))],
            value=cst.BinaryOperation(left=left, operator=cst.Multiply(), right=right),
        ):
            if place(left) == name:
                return name, right
            return (name, left) if place(right) == name else None
    return None


def _write(view: View, found: Funnel, name: str, factor: cst.BaseExpression) -> Unit:
    begun = start(view, found.loop, name)
    edits = Edits(view)
    argument, alone = items(found, factor, "({})"), items(found, factor, "{}")
    upto = _factorial(argument)
    one = begun is not None and flat(begun[1]) == "1"
    word, needs = view.imported("math", "factorial" if upto and one else "prod")
    if needs:
        edits.prelude(f"{needs}\n")
    if begun is not None and one:
        edits.rewrite(begun[0], "")
        value = f"{word}({upto}) if {upto} > 0 else 1" if upto else f"{word}({alone})"
        return edits.rewrite(found.loop, f"{name} = {value}\n").apply()
    return edits.rewrite(found.loop, f"{name} = {word}({argument}, start={name})\n").apply()


def _factorial(argument: str) -> str:
    """`n` when the items are `range(1, n + 1)`."""
    limits = range_of(expression(argument))
    if limits is None or limits[0] not in ("1", "2") or limits[2] != "1":
        return ""
    name = limits[1].removesuffix("+ 1").removesuffix("+1").strip()
    return name if name.isidentifier() and name != limits[1] else ""


OPERATOR = RewriteRule(
    name="product",
    improves=("cpu_ns_mean",),
    hypothesis="`math.prod` and `math.factorial` multiply in C, the latter in a better order.",
    risk="What is multiplied must be numbers.",
    steps=(rewrite,),
    gain=1.8,
    suspending=True,
)
