"""`items.insert(0, item)` in a loop moves all that is there: append, and turn round at the end.

Only for a list that the loop fills and does not look at (measured: 20x at 20 000 items; `deque`
does the same for queues, but not where the list is sliced or sorted later).
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import local_only, start
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Loop, Unit, View, code, flat, reads, uses


def rewrite(view: View) -> Unit | None:
    """Change how one list is filled."""
    for call in view.of(cst.Call):
        changed = _inserted(view, call)
        if changed is not None:
            return changed
    return None


def _alone(view: View, node: cst.CSTNode, name: str) -> Loop | None:
    """The outermost loop that does nothing else with the variable."""
    found = None
    for loop in view.loops(node):
        inside = [use for use in uses(view, name) if view.inside(use.node, loop.node)]
        if not loop.is_statement or len(inside) != 1:
            break
        found = loop
    return found if local_only(view, name) else None


def _inserted(view: View, call: cst.Call) -> Unit | None:
    match call:
        case cst.Call(
            func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value="insert")),
            args=[cst.Arg(value=cst.Integer(value="0")), cst.Arg(value=item, keyword=None)],
        ) if view.alone(call) and name not in reads(item):
            loop = _alone(view, call, name)
        case _:
            return None
    begun = start(view, loop.statement, name) if loop is not None else None
    if loop is None or begun is None or code(begun[1]).strip() not in ("[]", "list()"):
        return None
    edits = Edits(view).swap(call, f"{name}.append({flat(item)})")
    return edits.after(loop.statement, f"{name}.reverse()\n").apply()


OPERATOR = RewriteRule(
    name="insert_front",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="What is put in front is appended, and turned round once.",
    risk="Others see the list the wrong way round before the end.",
    steps=(rewrite,),
    gain=3.0,
    suspending=True,
)
