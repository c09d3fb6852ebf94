"""`x ** 2` goes through the general power; `x * x` does not (measured: 1.5x)."""

from __future__ import annotations

import libcst as cst

from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, code, place

TIMES = {"2": 2, "3": 3}


def rewrite(view: View) -> Unit | None:
    """Change all powers of variables in loops."""
    found = [node for node in view.of(cst.BinaryOperation) if _small(node) and view.loops(node)]
    if not found:
        return None
    edits = Edits(view)
    for node in found:
        text = place(node.left) or ""
        product = " * ".join([text] * TIMES[code(node.right).strip()])
        edits.swap(node, f"({product})" if _leaned_on(view, node) else product)
    return edits.apply()


def _leaned_on(view: View, node: cst.BinaryOperation) -> bool:
    """Whether an operator beside it would bind more tightly, or in another order."""
    parent = view.parent(node)
    if isinstance(parent, cst.BinaryOperation):
        return not isinstance(parent.operator, cst.Add | cst.Subtract)
    return isinstance(parent, cst.UnaryOperation)


def _small(node: cst.BinaryOperation) -> bool:
    exponent = code(node.right).strip() if isinstance(node.operator, cst.Power) else ""
    return exponent in TIMES and isinstance(node.left, cst.Name)


OPERATOR = RewriteRule(
    name="squares",
    improves=("cpu_ns_mean",),
    hypothesis="Multiplying a number with itself is cheaper than raising it to a power.",
    risk="A class may define one and not the other.",
    steps=(rewrite,),
    gain=1.2,
    suspending=True,
)
