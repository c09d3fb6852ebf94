"""`text = piece + text` in a loop copies all that is there: collect, and join backwards at the end.

CPython can extend a string in place only at its end (measured: 12x at 20 000 pieces). The same for
`items.insert(0, item)` into a list that is only filled by the loop: append and reverse.
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.shapes import local_only, start
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Loop, Unit, View, code, flat, kind, place, reads, uses


def rewrite(view: View) -> Unit | None:
    """Change what one loop puts in front."""
    for assign in view.of(cst.Assign):
        changed = _text(view, assign)
        if changed is not None:
            return changed
    for call in view.of(cst.Call):
        changed = _inserted(view, call)
        if changed is not None:
            return changed
    return None


def _text(view: View, assign: cst.Assign) -> Unit | None:
    match assign:
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Name(value=name))],
            value=cst.BinaryOperation(left=piece, operator=cst.Add(), right=old),
        ) if place(old) == name and name not in reads(piece):
            loop = _alone(view, assign, name, 2)
        case _:
            return None
    if loop is None or _texts(view, name) != {"str"}:
        return None
    parts = view.fresh(f"{name}_parts")
    edits = Edits(view).rewrite(view.statement(assign), f"{parts}.append({flat(piece)})\n")
    edits.before(loop.statement, f"{parts} = [{name}]\n")
    joined = f'{name} = "".join(reversed({parts}))\n'
    return edits.after(loop.statement, joined).apply()


def _texts(view: View, name: str) -> set[str]:
    """Kinds of what the variable is given, what it is built from left aside."""
    found = set()
    for use in uses(view, name):
        match use.within if use.kind == "assigned" else None:
            case cst.SimpleStatementLine(body=[cst.Assign(value=value)]):
                if name not in reads(value):
                    found.add(kind(view, value))
    return found


def _alone(view: View, node: cst.CSTNode, name: str, times: int) -> Loop | None:
    """The outermost loop that does nothing else with the variable."""
    found = None
    for loop in view.loops(node):
        inside = [use for use in uses(view, name) if view.inside(use.node, loop.node)]
        if not loop.is_statement or len(inside) != times:
            break
        found = loop
    return found if local_only(view, name) else None


def _inserted(view: View, call: cst.Call) -> Unit | None:
    match call:
        case cst.Call(
            func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value="insert")),
            args=[cst.Arg(value=cst.Integer(value="0")), cst.Arg(value=item, keyword=None)],
        ) if view.alone(call) and name not in reads(item):
            loop = _alone(view, call, name, 1)
        case _:
            return None
    begun = start(view, loop.statement, name) if loop is not None else None
    if loop is None or begun is None or code(begun[1]).strip() not in ("[]", "list()"):
        return None
    edits = Edits(view).swap(call, f"{name}.append({flat(item)})")
    return edits.after(loop.statement, f"{name}.reverse()\n").apply()


OPERATOR = RewriteRule(
    name="prepending",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="What is put in front is collected, and turned round once.",
    risk="Pieces that are no text are noticed at the end.",
    steps=(rewrite,),
    gain=3.0,
)
