"""A loop that only sets a flag can stop once it is set (measured: on average half, at best all).

for x in xs:
    if x < 0:
        found = True          ->      found = True
                                      break
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import Funnel, block, funnel, harmless, number
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, own

#: What gives all its items again, or is not used up by a loop that stops.
ITERABLES = cst.Name | cst.Attribute | cst.Subscript | cst.Call | cst.List | cst.Tuple


def rewrite(view: View) -> Unit | None:
    """Let one loop stop."""
    for loop in view.of(cst.For):
        found = funnel(view, loop)
        if found is None or not _flag(found) or not isinstance(loop.iter, ITERABLES):
            continue
        inner, statement = _innermost(loop), view.statement(found.middle)
        if block(inner.body)[-1] is statement or not harmless(view, loop):
            continue
        return Edits(view).after(statement, "break\n").apply()
    return None


def _flag(found: Funnel) -> bool:
    """Whether the middle gives a variable, that the loop does not read, a constant."""
    match found.middle:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
            constant = isinstance(value, cst.Name) and value.value in ("True", "False", "None")
            constant = constant or number(value) or isinstance(value, cst.SimpleString)
            return constant and name not in found.heard | found.bound
    return False


def _innermost(loop: cst.For) -> cst.For:
    return [node for node in own(loop) if isinstance(node, cst.For)][-1]


OPERATOR = RewriteRule(
    name="early_exit",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="Once the answer is known, the rest of the loop cannot change it.",
    risk="An iterator is not used up; an item that would have raised is not looked at.",
    steps=(rewrite,),
    gain=2.0,
    suspending=True,
)
