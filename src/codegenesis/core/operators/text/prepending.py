"""Text built from its end, `text = piece + text`: collect the pieces, join them reversed.

CPython extends a local string in place when something is added to its end, never at its front: each
step copies the whole (measured: 3.6x for 20 000 pieces, growing with the square).
"""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.patterns import Found, match
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Loop, Unit, View, flat, kind, reads, uses


def rewrite(view: View) -> Unit | None:
    """Change the text that one loop grows at its front."""
    for node in view.nodes:
        if not isinstance(node, cst.SimpleStatementLine):
            continue
        found = match("TEXT_ = piece_ + TEXT_", node)
        if found is None or not _text(view, found):
            continue
        loop = _outermost(view, node, flat(found["TEXT_"]))
        if loop is not None:
            return _written(view, node, found, loop)
    return None


def _text(view: View, found: Found) -> bool:
    """Whether a string grows: a list or a number would be written in the same way."""
    name = cst.ensure_type(found["TEXT_"], cst.Name)
    if name.value in reads(found["piece_"]):
        return False
    piece = _leftmost(found["piece_"])
    if kind(view, piece) == "str":
        return True
    starts = [use.within for use in uses(view, name.value) if use.kind == "assigned"]
    given = [match("NAME_ = value_", start) for start in starts]
    return any(one is not None and kind(view, one["value_"]) == "str" for one in given)


def _leftmost(node: cst.BaseExpression) -> cst.BaseExpression:
    match node:
        case cst.BinaryOperation(left=left, operator=cst.Add()):
            return _leftmost(left)
    return node


def _outermost(view: View, statement: cst.SimpleStatementLine, name: str) -> Loop | None:
    """The outermost loop in which the text is used nowhere else."""
    outer = None
    for loop in view.loops(statement):
        inside = [use.node for use in uses(view, name) if view.inside(use.node, loop.node)]
        if not loop.is_statement or not all(view.inside(node, statement) for node in inside):
            break
        outer = loop
    return outer


def _written(view: View, statement: cst.CSTNode, found: Found, loop: Loop) -> Unit:
    name, piece = flat(found["TEXT_"]), flat(found["piece_"])
    pieces = view.fresh(f"{name}_pieces")
    edits = Edits(view).before(loop.statement, f"{pieces} = [{name}]\n")
    edits.rewrite(statement, f"{pieces}.append({piece})\n")
    return edits.after(loop.statement, f'{name} = "".join(reversed({pieces}))\n').apply()


OPERATOR = RewriteRule(
    name="prepending",
    improves=("complexity", "cpu_ns_mean"),
    hypothesis="Pieces are joined once; adding to the front of a text copies all of it each time.",
    risk="A piece that is no text raises at the end of the loop instead of in it.",
    steps=(rewrite,),
    gain=2.5,
)
