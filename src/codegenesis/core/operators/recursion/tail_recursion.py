"""A function that ends by calling itself is a loop (measured: 2-4x; no limit on the depth)."""

from __future__ import annotations

import libcst as cst

from codegenesis.core.operators.recursion.calls import (
    SelfCall,
    body_of,
    docstring,
    self_calls,
)
from codegenesis.core.operators.shapes import leaves, number
from codegenesis.core.rule import RewriteRule
from codegenesis.core.syntax import Edits, Unit, View, flat, statements

#: Where a `continue` would mean something else, or a return does more than leave.
AROUND = cst.For | cst.While | cst.Try | cst.With | cst.TryStar


def rewrite(view: View) -> Unit | None:
    """Make one loop of the function."""
    calls = self_calls(view)
    if not calls or not view.plain or not all(_last(view, call) for call in calls):
        return None
    if any(isinstance(node, cst.FunctionDef | cst.Lambda) for node in view.nodes):
        return None
    edits = Edits(view)
    for call in calls:
        step = _step(view, call)
        if step is None:
            return None
        edits.rewrite(view.statement(call.node), step)
    return _looped(view.again(edits.apply()))


def _last(view: View, call: SelfCall) -> bool:
    """Whether the function returns what the call returns, without more ado."""
    suites = cst.SimpleStatementLine | cst.SimpleStatementSuite
    line = view.statement(call.node)
    returned = isinstance(view.parent(call.node), cst.Return)
    if not returned or not isinstance(line, suites) or len(line.body) != 1:
        return False
    return not any(isinstance(above, AROUND) for above in view.ancestors(call.node))


def _step(view: View, call: SelfCall) -> str | None:
    """The assignment of the next arguments, and the next round."""
    names, values = [], []
    for name, param in view.parameters.items():
        value = call.given.get(name)
        if value is None and name in ("self", "cls"):
            continue
        if value is None:
            value = param.default
            if not (number(value) or isinstance(value, cst.Name | cst.SimpleString)):
                return None
        assert value is not None
        if flat(value) != name:
            names.append(name)
            values.append(flat(value))
    if not names:
        return "continue\n"
    return f"{', '.join(names)} = {', '.join(values)}\ncontinue\n"


def _looped(view: View) -> Unit:
    lines = body_of(view.function)
    doc = docstring(lines)
    inside = lines[len(doc) :]
    if not leaves(inside):
        inside += statements("return None\n")
    loop = cst.ensure_type(cst.parse_statement("while True:\n    pass\n"), cst.While)
    loop = loop.with_changes(body=cst.IndentedBlock(body=inside))
    function = view.function.with_changes(body=cst.IndentedBlock(body=[*doc, loop]))
    return Unit.parse(Unit(function, view.unit.prelude, view.unit.style).source)


OPERATOR = RewriteRule(
    name="tail_recursion",
    improves=("cpu_ns_mean",),
    hypothesis="The last call needs no frame of its own: it is the next round of a loop.",
    risk="Where the original exceeds the recursion limit, this goes on.",
    steps=(rewrite,),
    gain=2.0,
)
